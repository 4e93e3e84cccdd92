import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Quarantine");
  return <Page title="Quarantine">{null}</Page>;
}
