/** Keys that both code editors share. */
import type { Monaco, monacoTypes } from '@grafana/ui';

/** Shift+Enter and Ctrl/Cmd+Enter run; Tab leaves the field, unless it takes what completion offers. */
export function addKeys(editor: monacoTypes.editor.IStandaloneCodeEditor, monaco: Monaco, run: () => void): void {
  const { KeyMod, KeyCode } = monaco;
  // An action belongs to its editor; a command would go to the last editor that was opened.
  editor.addAction({
    id: 'tapewatch-run',
    label: 'Run query',
    keybindings: [KeyMod.Shift | KeyCode.Enter, KeyMod.CtrlCmd | KeyCode.Enter],
    run,
  });
  editor.onKeyDown((event) => {
    // Monaco would indent, and hold the keyboard.
    if (event.keyCode === KeyCode.Tab && !isCompleting(editor)) event.stopPropagation();
  });
}

function isCompleting(editor: monacoTypes.editor.IStandaloneCodeEditor): boolean {
  return Boolean(editor.getDomNode()?.querySelector('.suggest-widget.visible'));
}
