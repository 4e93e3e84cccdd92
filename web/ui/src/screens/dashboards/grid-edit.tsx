// The grid in which panels are dragged: loaded when a dashboard is edited.
import { getNonce } from "get-nonce";
import { GridLayout, verticalCompactor } from "react-grid-layout";
import { absoluteStrategy } from "react-grid-layout/core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import "./grid-edit.css";
import { columns, gap, rowHeight, type Box } from "./layout";
import type { Panel } from "./queries";

// While something is dragged, the library keeps text from being selected by a style of its own. The content security policy lets
// in only what bears the page's nonce, and this is where the library looks for one.
Object.assign(globalThis, { __webpack_nonce__: getNonce() });

export default function EditGrid({ panels, onMove, render }: { panels: readonly Panel[]; onMove: (layouts: ReadonlyMap<string, Box>) => void; render: (panel: Panel) => ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const watch = new ResizeObserver(() => setWidth(node.clientWidth));
    watch.observe(node);
    return () => watch.disconnect();
  }, []);
  return (
    <div ref={box}>
      {width > 0 && (
        <GridLayout
          width={width}
          layout={panels.map((p) => ({ i: p.id, ...p.layout, minW: 2, minH: 2 }))}
          gridConfig={{ cols: columns, rowHeight, margin: [gap, gap], containerPadding: [0, 0] }}
          dragConfig={{ enabled: true, handle: ".panel-head", cancel: "button:not([data-grip])" }}
          resizeConfig={{ enabled: true, handles: ["se"] }}
          compactor={verticalCompactor}
          // Without transforms: what is fixed inside a panel, as the place of a menu, is then still fixed to the window.
          positionStrategy={absoluteStrategy}
          onLayoutChange={(layout) => onMove(new Map(layout.map(({ i, x, y, w, h }) => [i, { x, y, w, h }])))}
        >
          {panels.map((p) => (
            <div key={p.id}>{render(p)}</div>
          ))}
        </GridLayout>
      )}
    </div>
  );
}
