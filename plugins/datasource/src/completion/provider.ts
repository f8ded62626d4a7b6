/** Our completion in Monaco's words: fetch what the situation needs, then hand over the items. */
import type { Monaco, monacoTypes } from '@grafana/ui';
import type { Metadata } from '../metadata.ts';
import { complete, requirementOf, type CompletionItem, type CompletionNames, type Requirement } from './complete.ts';
import { LANGUAGE } from './language.ts';
import { situationAt } from './situation.ts';

export interface CompletionRequest {
  readonly monaco: Monaco;
  /** Completion belongs to the language in Monaco; each editor answers for its own text only. */
  readonly editor: monacoTypes.editor.IStandaloneCodeEditor;
  readonly metadata: Metadata;
  readonly variables: () => readonly string[];
}

/** Returns what takes it away again. */
export function registerCompletion({ monaco, editor, metadata, variables }: CompletionRequest): () => void {
  const { dispose } = monaco.languages.registerCompletionItemProvider(LANGUAGE, {
    triggerCharacters: ['{', ',', '[', '(', '=', '~', ' ', '$', '"'],
    provideCompletionItems: async (model, position) => {
      if (editor.getModel()?.id !== model.id) return { suggestions: [] };
      const situation = situationAt(model.getValue(), model.getOffsetAt(position));
      if (situation.kind === 'none') return { suggestions: [] };
      const names = await fetchNames(requirementOf(situation), metadata);
      const start = model.getPositionAt(situation.from);
      const range = {
        startLineNumber: start.lineNumber,
        startColumn: start.column,
        endLineNumber: position.lineNumber,
        endColumn: position.column,
      };
      const items = complete(situation, { ...names, variables: variables() });
      const incomplete = situation.kind === 'expression' && items.length > 0;
      return { suggestions: items.map((item, order) => toMonaco(monaco, { item, order, range })), incomplete };
    },
  });
  return dispose;
}

async function fetchNames(requirement: Requirement, metadata: Metadata): Promise<Omit<CompletionNames, 'variables'>> {
  const nothing = { metrics: [], functions: [], labels: [], values: [] };
  switch (requirement.names) {
    case 'none':
      return nothing;
    case 'metrics-and-functions': {
      const [metrics, functions] = await Promise.all([metadata.metrics(), metadata.functions()]);
      return { ...nothing, metrics, functions };
    }
    case 'labels':
      return { ...nothing, labels: await metadata.labels(requirement.selector) };
    case 'values':
      return { ...nothing, values: await metadata.labelValues(requirement.label, requirement.selector) };
  }
}

interface Placed {
  readonly item: CompletionItem;
  readonly order: number;
  readonly range: monacoTypes.IRange;
}

function toMonaco(monaco: Monaco, { item, order, range }: Placed): monacoTypes.languages.CompletionItem {
  const kinds = monaco.languages.CompletionItemKind;
  const kind = {
    metric: kinds.Variable,
    function: kinds.Function,
    keyword: kinds.Keyword,
    label: kinds.Field,
    value: kinds.Value,
    duration: kinds.Unit,
    variable: kinds.Constant,
  }[item.kind];
  return {
    label: item.label,
    kind,
    insertText: item.insert,
    insertTextRules: monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet,
    detail: item.detail,
    documentation: item.documentation,
    // Monaco sorts by text; ours is the order.
    sortText: String(order).padStart(6, '0'),
    range,
    ...(item.again ? { command: { id: 'editor.action.triggerSuggest', title: '' } } : {}),
  };
}
