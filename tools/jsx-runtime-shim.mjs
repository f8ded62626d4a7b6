/**
 * `react/jsx-runtime` over `React.createElement`, for bundled dependencies: Grafana before 12.2.5 does not share the
 * real one, and a bundled copy of React 18's breaks under React 19.
 */
import { createElement, Fragment } from 'react';

export function jsx(type, props, key) {
  return createElement(type, key === undefined ? props : { ...props, key });
}

export { Fragment, jsx as jsxs, jsx as jsxDEV };
