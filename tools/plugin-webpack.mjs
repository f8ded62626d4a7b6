/**
 * The webpack configuration of every plugin, after create-plugin's layout: AMD library, SWC, source map, externals that
 * Grafana shares, public path taken from the AMD module's address so that lazy chunks load from any sub-path.
 * Two differences, both for Grafana 12.2.0, which does not share `react/jsx-runtime` (12.2.5 is the first that does):
 * own code is compiled with the classic JSX transform, and a bundled dependency that imports the new runtime gets a shim
 * over `React.createElement`. So one build runs on React 18 and 19.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import webpack from 'webpack';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));

/** Modules that every supported Grafana shares with plugins. Anything else is bundled. */
export const EXTERNALS = [
  '@emotion/css',
  '@emotion/react',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
  'd3',
  'i18next',
  'jquery',
  'lodash',
  'moment',
  'prismjs',
  'react',
  'react-dom',
  'react-redux',
  'react-router',
  'redux',
  'rxjs',
  'rxjs/operators',
  'slate',
];

/** `uri` of the AMD module; `amd-module` is an external that resolves to AMD's own `module` dependency. */
const PUBLIC_PATH_LOADER = path.join(here, 'plugin-public-path.cjs');

export function pluginConfig({ id, source, output, production }) {
  return {
    mode: production ? 'production' : 'development',
    target: ['web', 'es2020'],
    context: source,
    entry: { module: './module.ts' },
    devtool: 'source-map',
    cache: false,
    externals: [{ 'amd-module': 'module' }, ...EXTERNALS],
    externalsType: 'amd',
    module: {
      rules: [
        {
          test: /\.tsx?$/,
          exclude: /node_modules/,
          use: {
            loader: require.resolve('swc-loader'),
            options: {
              jsc: {
                target: 'es2020',
                parser: { syntax: 'typescript', tsx: true },
                transform: { react: { runtime: 'classic' } },
              },
              sourceMaps: true,
            },
          },
        },
        {
          test: path.join(source, 'module.ts'),
          enforce: 'post',
          use: { loader: PUBLIC_PATH_LOADER, options: { id } },
        },
      ],
    },
    resolve: {
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
      alias: {
        'react/jsx-runtime': path.join(here, 'jsx-runtime-shim.mjs'),
        'react/jsx-dev-runtime': path.join(here, 'jsx-runtime-shim.mjs'),
      },
    },
    output: {
      path: output,
      filename: '[name].js',
      chunkFilename: '[name].js?_cache=[contenthash]',
      library: { type: 'amd' },
      publicPath: `public/plugins/${id}/`,
      uniqueName: id,
      devtoolModuleFilenameTemplate: (info) => path.relative(source, info.absoluteResourcePath).replace(/\\/g, '/'),
    },
    optimization: { minimize: production },
    performance: { hints: false },
  };
}

/** Runs one build and throws with webpack's own words when it fails. */
export function runWebpack(configuration) {
  return new Promise((resolve, reject) => {
    const compiler = webpack(configuration);
    compiler.run((error, stats) => {
      compiler.close(() => undefined);
      if (error) reject(error);
      else if (stats.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true, colors: false })));
      else resolve(stats.toJson({ all: false, assets: true, timings: true, warnings: true }));
    });
  });
}
