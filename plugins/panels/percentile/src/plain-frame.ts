/** A data frame without Grafana's library, for tests and for the browser harness. */
import type { DataFrame, Field, FieldConfig, Labels } from '@grafana/data';

export interface PlainFrame {
  readonly name?: string;
  readonly meta?: { readonly type: string };
  readonly fields: readonly {
    readonly name: string;
    readonly type: 'time' | 'number' | 'string';
    readonly values: readonly unknown[];
    readonly config?: FieldConfig;
    readonly labels?: Labels;
  }[];
}

export function plainFrame(plain: PlainFrame): DataFrame {
  const fields = plain.fields.map((field) => ({ ...field, config: field.config ?? {} }) as unknown as Field);
  return { ...plain, fields, length: plain.fields[0]?.values.length ?? 0 } as unknown as DataFrame;
}
