/** PromQL's colours in Monaco. An own language name, so that we never fight with Prometheus' data source for its rules. */
import type { Monaco, monacoTypes } from '@grafana/ui';

export const LANGUAGE = 'tapewatch-promql';

const TOKENS: monacoTypes.languages.IMonarchLanguage = {
  defaultToken: 'invalid',
  keywords: [
    'by',
    'without',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'offset',
    'bool',
    'and',
    'or',
    'unless',
    'atan2',
    'anchored',
    'smoothed',
    'inf',
    'nan',
  ],
  brackets: [
    { open: '(', close: ')', token: 'delimiter.parenthesis' },
    { open: '{', close: '}', token: 'delimiter.curly' },
    { open: '[', close: ']', token: 'delimiter.square' },
  ],
  tokenizer: {
    root: [
      [/#.*$/, 'comment'],
      [/\$\{[^}]*\}|\$\w+/, 'variable'],
      [/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?/, 'string'],
      // A name before a bracket or a grouping is a function, before a matcher a label.
      [/[a-zA-Z_]\w*(?=\s*\(|\s+(?:by|without)\b)/, { cases: { '@keywords': 'keyword', '@default': 'predefined' } }],
      [/[a-zA-Z_]\w*(?=\s*(?:=~|!~|!=|=(?!=)))/, 'tag'],
      [/[a-zA-Z_:][\w:]*/, { cases: { '@keywords': 'keyword', '@default': 'identifier' } }],
      [/\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*/, 'number'],
      [/0x[\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?/, 'number'],
      [/[(){}[\]]/, '@brackets'],
      [/[-+*/%^=!<>~@]+/, 'operator'],
      [/[,;:]/, 'delimiter'],
      [/\s+/, 'white'],
    ],
  },
};

const CONFIGURATION: monacoTypes.languages.LanguageConfiguration = {
  comments: { lineComment: '#' },
  brackets: [
    ['(', ')'],
    ['{', '}'],
    ['[', ']'],
  ],
  autoClosingPairs: [
    { open: '(', close: ')' },
    { open: '{', close: '}' },
    { open: '[', close: ']' },
    { open: '"', close: '"', notIn: ['string'] },
    { open: "'", close: "'", notIn: ['string'] },
  ],
  wordPattern: /[a-zA-Z_:$][\w:]*/,
};

/** Once per page, however many editors are open. */
export function registerLanguage(monaco: Monaco): void {
  if (monaco.languages.getLanguages().some(({ id }) => id === LANGUAGE)) return;
  monaco.languages.register({ id: LANGUAGE });
  monaco.languages.setMonarchTokensProvider(LANGUAGE, TOKENS);
  monaco.languages.setLanguageConfiguration(LANGUAGE, CONFIGURATION);
}
