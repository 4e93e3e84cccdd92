import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Live tail");
  return <Page title="Live tail">{null}</Page>;
}
