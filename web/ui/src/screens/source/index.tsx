import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Source");
  return <Page title="Source">{null}</Page>;
}
