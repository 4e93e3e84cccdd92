// Asking for what costs something only when it is looked at, and never for much at once.
import { useEffect, useRef, useState, type RefObject } from "react";

/** Whether the element has been on the screen. */
export function useSeen<T extends Element>(): [RefObject<T | null>, boolean] {
  const ref = useRef<T>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || seen) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((e) => e.isIntersecting)) setSeen(true);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [seen]);
  return [ref, seen];
}

/** A gate through which at most `most` go at a time, the others in their order; who is aborted leaves the queue. */
export function gate(most: number): <T>(signal: AbortSignal, run: () => Promise<T>) => Promise<T> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (signal, run) => {
    while (inside >= most) {
      await new Promise<void>((go) => waiting.push(go));
      if (signal.aborted) waiting.shift()?.();
      signal.throwIfAborted();
    }
    inside++;
    try {
      return await run();
    } finally {
      inside--;
      waiting.shift()?.();
    }
  };
}
