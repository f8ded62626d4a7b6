/**
 * A text that is equal for label sets which agree on some labels, made without making those label sets. Fields are told
 * apart by their lengths, so that no value can imitate another.
 */
import { type Labels, METRIC_NAME } from '../model/labels.ts';

/** `only`: by these labels; `without`: by all others except the metric name. */
export function signatureOf(names: readonly string[], mode: 'only' | 'without'): (labels: Labels) => string {
  if (mode === 'only') {
    const wanted = [...new Set(names)];
    return (labels) => {
      let text = '';
      for (let i = 0; i < wanted.length; i++) {
        const value = labels.get(wanted[i] as string);
        text += `${value.length}:${value}`;
      }
      return text;
    };
  }
  const dropped = new Set([...names, METRIC_NAME]);
  return (labels) => {
    let text = '';
    for (const [name, value] of labels.pairs) {
      if (!dropped.has(name)) text += `${name.length}:${name}${value.length}:${value}`;
    }
    return text;
  };
}
