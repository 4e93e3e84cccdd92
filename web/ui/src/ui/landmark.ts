/** Where what belongs to an element is put, so that it lies over the screen and is still a part of its landmark. */
export function landmarkOf(element: Element | null): HTMLElement | undefined {
  return element?.closest<HTMLElement>('main, aside, header, [role="dialog"]') ?? undefined;
}
