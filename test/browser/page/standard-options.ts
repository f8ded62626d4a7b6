/** Fills the registries of option editors and standard field options, which Grafana's own start does. */
import { identityOverrideProcessor, standardEditorsRegistry, standardFieldConfigEditorRegistry } from '@grafana/data';

const EDITORS = [
  'text',
  'number',
  'slider',
  'boolean',
  'radio',
  'select',
  'multi-select',
  'strings',
  'unit',
  'color',
  'stats-picker',
  'timezone',
  'fieldColor',
  'links',
  'actions',
  'mappings',
  'thresholds',
  'field-name',
  'dashboard-uid',
];

const FIELD_OPTIONS = [
  'unit',
  'min',
  'max',
  'decimals',
  'displayName',
  'noValue',
  'color',
  'links',
  'actions',
  'mappings',
  'thresholds',
  'filterable',
  'fieldMinMax',
];

export function registerStandardOptions(): void {
  standardEditorsRegistry.setInit(() => EDITORS.map((id) => ({ id, name: id, editor: () => null }) as never));
  standardFieldConfigEditorRegistry.setInit(() =>
    FIELD_OPTIONS.map(
      (id) =>
        ({
          id,
          path: id,
          name: id,
          editor: () => null,
          override: () => null,
          process: identityOverrideProcessor,
          shouldApply: () => true,
        }) as never,
    ),
  );
}
