/**
 * What is wrong with the text, underlined where it is: the sidecar parses what was typed once the typing pauses. A text
 * that changed meanwhile gets the answer to its newest version only.
 */
import type { Monaco, monacoTypes } from '@grafana/ui';
import type { Metadata, Problem } from '../metadata.ts';

export interface ProblemWatch {
  readonly monaco: Monaco;
  readonly editor: monacoTypes.editor.IStandaloneCodeEditor;
  readonly metadata: Pick<Metadata, 'problems'>;
}

/** Longer than between two keys, or every word half written would be red. */
const PAUSE_MS = 500;
/** Whose marks these are, in Monaco. */
const OWNER = 'tapewatch-promql';

/** Returns what stops it. */
export function watchProblems({ monaco, editor, metadata }: ProblemWatch): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const check = async (): Promise<void> => {
    const model = editor.getModel();
    if (model === null) return;
    const version = model.getVersionId();
    const problems = model.getValue().trim() === '' ? [] : await metadata.problems(model.getValue());
    if (isStopped || model.isDisposed() || model.getVersionId() !== version) return;
    monaco.editor.setModelMarkers(
      model,
      OWNER,
      problems.map((problem) => marker(monaco, model, problem)),
    );
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), PAUSE_MS);
  };
  const listener = editor.onDidChangeModelContent(later);
  void check();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    listener.dispose();
  };
}

function marker(
  monaco: Monaco,
  model: monacoTypes.editor.ITextModel,
  { severity, message, from, to }: Problem,
): monacoTypes.editor.IMarkerData {
  const [start, end] = [model.getPositionAt(from), model.getPositionAt(to)];
  const { Error, Warning, Info } = monaco.MarkerSeverity;
  return {
    severity: severity === 'error' ? Error : severity === 'warning' ? Warning : Info,
    message,
    startLineNumber: start.lineNumber,
    startColumn: start.column,
    endLineNumber: end.lineNumber,
    endColumn: end.column,
  };
}
