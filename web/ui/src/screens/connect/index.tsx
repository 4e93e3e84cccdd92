import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Connect a stream");
  return <Page title="Connect a stream">{null}</Page>;
}
