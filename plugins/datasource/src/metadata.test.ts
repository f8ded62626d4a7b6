import { createMetadata } from './metadata.ts';

function recorder(answers: Record<string, unknown>) {
  const asked: string[] = [];
  const get = (path: string, parameters: Record<string, unknown>): Promise<unknown> => {
    asked.push(`${path} ${JSON.stringify(parameters)}`);
    return path in answers ? Promise.resolve(answers[path]) : Promise.reject(new Error(`404 ${path}`));
  };
  return { asked, get };
}

describe('metadata', () => {
  it('asks once for equal questions, and again after a minute', async () => {
    const { asked, get } = recorder({ labels: { labels: ['venue'] } });
    let now = 0;
    const metadata = createMetadata(get, () => now);
    expect(await Promise.all([metadata.labels('up'), metadata.labels('up')])).toEqual([['venue'], ['venue']]);
    await metadata.labels('');
    expect(asked).toEqual(['labels {"match[]":"up"}', 'labels {}']);
    now = 60_001;
    await metadata.labels('up');
    expect(asked).toHaveLength(3);
  });

  it('answers nothing when the sidecar is away or says something else, and asks again', async () => {
    const { asked, get } = recorder({ functions: { functions: 'none' } });
    const metadata = createMetadata(get, () => 0);
    expect(await metadata.metrics()).toEqual([]);
    expect(await metadata.metrics()).toEqual([]);
    expect(await metadata.functions()).toEqual([]);
    expect(asked.filter((path) => path.startsWith('metrics'))).toHaveLength(2);
  });

  it('keeps at most 200 answers', async () => {
    const { asked, get } = recorder({ 'label-values': { values: [] } });
    const metadata = createMetadata(get, () => 0);
    for (let i = 0; i <= 200; i++) await metadata.labelValues(`l${i}`, '');
    await metadata.labelValues('l200', '');
    expect(asked).toHaveLength(201);
    await metadata.labelValues('l0', '');
    expect(asked).toHaveLength(202);
  });
});
