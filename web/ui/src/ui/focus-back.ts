import { useRef, useState } from "react";

/**
 * For what opens over the screen, used in a component that is there only while it is open: on closing, the focus goes back to
 * where it was before (`from`, where that was somewhere else already), and only then is done what was chosen inside.
 */
export function useFocusBack(from?: Element | null) {
  const [before] = useState(() => from ?? document.activeElement);
  const next = useRef<() => void>(undefined);
  return {
    after: (run: () => void) => {
      next.current = run;
    },
    onCloseAutoFocus: (e: Event) => {
      e.preventDefault();
      const back = before instanceof HTMLElement && before.isConnected ? before : document.getElementById("main");
      back?.focus({ preventScroll: true });
      next.current?.();
    },
  };
}
