import { EditorView } from "@codemirror/view";

/**
 * What is typed over a selection. Left to itself, the browser gives such text the looks of what it replaces, in a style attribute
 * that the content security policy refuses, and says so in the console.
 */
export const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data: text } = event;
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || text === null || empty || view.composing || view.state.readOnly) return false;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    // As for any other text: brackets and quotes close around what is selected.
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});
