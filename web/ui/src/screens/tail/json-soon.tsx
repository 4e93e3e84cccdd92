/** The document as text, until the shared view of JSON is there. */
export function JsonView({ text }: { text: string; expanded?: boolean; onPick?: (path: string[], value: string) => void; mark?: { offset: number; length: number } }) {
  return <pre className="text-xs whitespace-pre-wrap break-all">{text}</pre>;
}
