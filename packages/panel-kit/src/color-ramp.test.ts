import fc from 'fast-check';
import { colorRamp } from './color-ramp.ts';

const hex = fc.integer({ min: 0, max: 0xffffff }).map((n) => `#${n.toString(16).padStart(6, '0')}`);

describe('colorRamp', () => {
  it('ends at the target colour and starts one step from the background', () => {
    const ramp = colorRamp('#000000', '#ffffff', 4);
    expect(ramp).toHaveLength(4);
    expect(ramp[3]).toBe('#ffffff');
    expect(ramp[0]).not.toBe('#000000');
  });

  it('is even in lightness: the middle of black and white is OKLab 0.5', () => {
    expect(colorRamp('#000', 'rgb(255, 255, 255)', 2)[0]).toBe('#636363');
  });

  it('yields valid colours whatever the ends', () => {
    fc.assert(
      fc.property(hex, hex, (from, to) => {
        const ramp = colorRamp(from, to, 8);
        expect(ramp.every((color) => /^#[0-9a-f]{6}$/.test(color))).toBe(true);
        expect(ramp[7]).toBe(to);
      }),
    );
  });

  it('refuses what is no colour', () => {
    expect(() => colorRamp('red', '#fff', 2)).toThrow('colour red is neither');
  });
});
