import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Settings");
  return <Page title="Settings">{null}</Page>;
}
