/** One page of a list. */
interface Page {
  readonly nextPageToken: string;
}

const MAX_PAGE = 1000;

/**
 * Asks for page after page.
 * @param ask gets one page
 * @param items takes the items out of a page
 * @param limit items at most
 */
export async function* allPages<P extends Page, Item>(
  ask: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<P>,
  items: (page: P) => readonly Item[],
  limit: number,
): AsyncGenerator<Item> {
  let left = limit;
  let pageToken = '';
  do {
    const page = await ask({ pageSize: Math.min(left, MAX_PAGE), pageToken });
    for (const item of items(page)) {
      if (left-- === 0) return;
      yield item;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && left > 0);
}
