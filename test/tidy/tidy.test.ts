/** The architecture as a test: layers, cycles, sizes, banned calls, dead files. Each rule says why it is there. */
import { ROOT, resolveImport, sourceFiles, type SourceFile } from './source-tree.ts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const files = sourceFiles();
const byPath = new Map(files.map((file) => [file.path, file]));
const production = files.filter((file) => !file.isTest);
const core = production.filter((file) => file.path.startsWith('packages/core/src/'));

/** In reading order; a room imports only rooms above it. `window` and below may use everything before them. */
const CORE_ROOMS = [
  'model',
  'stats',
  'histogram',
  'window',
  'promql',
  'detect',
  'forecast',
  'trading',
  'latency',
  'rule',
  'alert',
];
/** Types that stand in for each other: samples carry histograms, so model and histogram are one layer for types. */
const isTypeOnly = (file: SourceFile, specifier: string): boolean => !file.valueImports.includes(specifier);

function room(path: string): string | undefined {
  return /^packages\/core\/src\/([^/]+)\//.exec(path)?.[1];
}

/** The command line composes adapters as app.ts does, so it is none. */
function adapter(path: string): string | undefined {
  const folder = /^sidecar\/src\/([^/]+)\//.exec(path)?.[1];
  return folder === 'cli' ? undefined : folder;
}

describe('layers', () => {
  it('core imports nothing but core and its parser', () => {
    const foreign = core.flatMap((file) =>
      file.imports
        .filter(
          (specifier) => !specifier.startsWith('.') && !/^(@prometheus-io\/lezer-promql|@lezer\/\w+)$/.test(specifier),
        )
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  it('each room of core imports only rooms above it', () => {
    const wrong = core.flatMap((file) => {
      const own = CORE_ROOMS.indexOf(room(file.path) ?? '');
      return file.imports
        .filter((specifier) => !isTypeOnly(file, specifier))
        .map((specifier) => resolveImport(file, specifier))
        .filter((target) => target !== undefined && own !== -1 && CORE_ROOMS.indexOf(room(target) ?? '') > own)
        .map((target) => `${file.path} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('contract imports core and zod only; plugins never import the sidecar', () => {
    const wrong = production.flatMap((file) => {
      const allowed = file.path.startsWith('packages/contract/')
        ? (specifier: string) => /^(\.|zod$|yaml$|@tapewatch\/core$)/.test(specifier)
        : file.path.startsWith('plugins/') || file.path.startsWith('packages/panel-kit/')
          ? (specifier: string) => !/sidecar/.test(resolveImport(file, specifier) ?? specifier)
          : () => true;
      return file.imports.filter((specifier) => !allowed(specifier)).map((specifier) => `${file.path} -> ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  it('adapters of the sidecar never import one another', () => {
    const wrong = production.flatMap((file) => {
      const own = adapter(file.path);
      if (own === undefined) return [];
      return file.imports
        .map((specifier) => resolveImport(file, specifier))
        .filter((target) => target !== undefined && adapter(target) !== undefined && adapter(target) !== own)
        .map((target) => `${file.path} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });
});

it('no import cycles (value imports)', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    const file = byPath.get(path);
    for (const specifier of file?.valueImports ?? []) {
      const target = file === undefined ? undefined : resolveImport(file, specifier);
      if (target !== undefined && byPath.has(target)) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const file of files) visit(file.path, []);
  expect(cycles).toEqual([]);
});

it('every relative import names an existing file', () => {
  const missing = files.flatMap((file) =>
    file.imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolveImport(file, specifier) as string)
      .filter(
        (target) =>
          !existsSync(join(ROOT, target)) &&
          !existsSync(join(ROOT, `${target}.ts`)) &&
          !existsSync(join(ROOT, `${target}.tsx`)),
      )
      .map((target) => `${file.path} -> ${target}`),
  );
  expect(missing).toEqual([]);
});

describe('sizes', () => {
  it('no file above 400 lines, no test above 600', () => {
    const large = files
      .filter((file) => file.lines > (file.isTest ? 600 : 400))
      .map((file) => `${file.path}: ${file.lines}`);
    expect(large).toEqual([]);
  });

  it('half of the files below 150 lines, nine in ten below 300', () => {
    const sizes = production.map((file) => file.lines).sort((a, b) => a - b);
    const at = (share: number): number => sizes[Math.floor(share * (sizes.length - 1))] as number;
    expect(at(0.5)).toBeLessThan(150);
    expect(at(0.9)).toBeLessThan(300);
  });
});

describe('banned', () => {
  const found = (among: readonly SourceFile[], pattern: RegExp): string[] =>
    among.filter((file) => pattern.test(withoutComments(file.text))).map((file) => `${file.path}: ${pattern}`);

  it('core neither waits nor reads a clock nor draws random numbers', () => {
    const pattern =
      /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|await|process\.|require\()/;
    expect(found(core, pattern)).toEqual([]);
  });

  it('no any, no ts-ignore, no console in production code outside the command line', () => {
    const cli = /^(tools|bench|test)\/|sidecar\/src\/(main|cli)|^dashboards\/src\/main/;
    const quiet = production.filter((file) => !cli.test(file.path));
    expect(found(production, /:\s*any\b|\bas any\b|<any>/)).toEqual([]);
    expect(
      files
        .filter((file) => /@ts-(ignore|nocheck)/.test(file.text) && !file.path.startsWith('test/tidy'))
        .map((f) => f.path),
    ).toEqual([]);
    expect(found(quiet, /\bconsole\.\w+\(/)).toEqual([]);
  });

  it('no leftovers', () => {
    const leftovers = files.filter(
      (file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(file.text) && !file.path.startsWith('test/tidy'),
    );
    expect(leftovers.map((file) => file.path)).toEqual([]);
    expect(
      found(
        files.filter((file) => !file.path.startsWith('test/tidy')),
        /\b(it|describe|test)\.only\(/,
      ),
    ).toEqual([]);
  });

  it('no folder named utils, helpers, common, shared, types or misc', () => {
    const wrong = files.filter((file) => /\/(utils?|helpers?|common|shared|types|misc)(\/|\.tsx?$)/.test(file.path));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  it('no default export outside plugin entries and tool configuration', () => {
    const wrong = production.filter((file) => /^export default/m.test(file.text) && !/config\.ts$/.test(file.path));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });
});

it('file names are kebab-case, React components PascalCase', () => {
  const wrong = files.filter((file) => {
    const name = (file.path.split('/').at(-1) as string).replace(
      /\.(test|prop\.test|laws|contract|spec|bench)?\.?tsx?$/,
      '',
    );
    return file.path.endsWith('.tsx')
      ? !/^[A-Z][A-Za-z0-9]*$|^[a-z0-9-]+(\.[a-z]+)*$/.test(name)
      : !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/.test(name);
  });
  expect(wrong.map((file) => file.path)).toEqual([]);
});

it('every source file says what it is for', () => {
  const silent = production.filter(
    (file) => !/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(file.text) && !file.path.endsWith('/index.ts'),
  );
  expect(silent.map((file) => file.path)).toEqual([]);
});

it('nothing committed names a registry host', () => {
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  expect([...lock.matchAll(/"resolved": "https?:\/\/[^"]+"/g)].map((match) => match[0])).toEqual([]);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
}
