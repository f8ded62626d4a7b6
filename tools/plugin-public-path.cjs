/**
 * Webpack loader for a plugin's entry: sets the public path from the address that Grafana loaded the module from, so
 * lazy chunks are found behind a sub-path or a CDN too. It runs after SWC, on plain JavaScript.
 */
module.exports = function publicPath(code, map) {
  const { id } = this.getOptions();
  const prologue =
    `import amdModule from 'amd-module';` +
    `__webpack_public_path__ = amdModule && amdModule.uri ` +
    `? amdModule.uri.slice(0, amdModule.uri.lastIndexOf('/') + 1) : 'public/plugins/${id}/';`;
  this.callback(null, `${prologue}${code}`, map);
};
