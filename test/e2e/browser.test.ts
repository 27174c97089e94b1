import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { deployVotingApp, resultPort, votePort, waitUntilReady } from '../../src/dev/demo/stack.ts';
import { until } from '../support/until.ts';
import { startCluster } from './lib/cluster.ts';
import type { TestCluster } from './lib/cluster.ts';
import { containersOf, under } from './lib/containers.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const timeout = 60_000;
/** Where to put pictures of the pages, for people to look at; none are taken without it. */
const pictures = process.env.TUTTI_SCREENSHOTS;

describe('the voting app in a browser', () => {
  let cluster: TestCluster;
  let browser: Browser;
  let voter: BrowserContext;
  let vote: Page;
  let result: Page;
  /** What the pages complained of. */
  const complaints: string[] = [];

  const open = async (context: BrowserContext, node: number, port: number): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(timeout);
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.goto(`http://${cluster.nodes[node]?.address}:${port}/`);
    return page;
  };
  const says = async (page: Page, text: string): Promise<void> => await page.getByText(text, { exact: true }).waitFor();
  const choose = async (page: Page, name: string, answer: string): Promise<void> => {
    await page.getByRole('button', { name }).click();
    await says(page, answer);
    assert.deepEqual(await pressed(page), [name]);
  };
  const pressed = async (page: Page): Promise<readonly string[]> =>
    await page.getByRole('button', { pressed: true }).allTextContents();
  /** Only as wide as the window, in every width and colour scheme. */
  const fits = async (page: Page, name: string): Promise<void> => {
    for (const width of [320, 1280]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 720 });
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${name} at ${width}`);
        if (pictures === undefined) continue;
        await mkdir(pictures, { recursive: true });
        await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => 0)');
        await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`) });
      }
    }
  };

  before(async () => {
    cluster = await startCluster({ nodes: 2, managers: 1, images: 'voting-app' });
    await deployVotingApp(cluster.docker, 'node1');
    await waitUntilReady(cluster.docker, () => undefined, undefined);
    browser = await chromium.launch({ executablePath, args, headless: true, timeout });
    voter = await browser.newContext();
    vote = await open(voter, 0, votePort);
    result = await open(voter, 1, resultPort);
  });
  after(async () => {
    await browser?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  test('both pages are there, before anybody has voted', async () => {
    assert.equal(await vote.title(), 'Cats or Dogs?');
    assert.deepEqual(await vote.getByRole('button').allTextContents(), ['Cats', 'Dogs']);
    assert.deepEqual(await pressed(vote), []);
    await says(result, 'Nobody has voted yet.');
    await says(result, 'Live');
    // A page that was loaded again has lost this.
    await result.evaluate('window.opened = 1');
  });

  test('a vote, and its change, are seen in the page of the result that is open', async () => {
    await choose(vote, 'Cats', 'Your vote is in.');
    await says(result, '1 vote, Cats lead.');
    await choose(vote, 'Dogs', 'Your vote was changed.');
    await says(result, '1 vote, Dogs lead.');
    assert.equal(await result.locator('#votes-a').textContent(), '0');
    assert.equal(await result.evaluate('window.opened'), 1);
  });

  test('a voter is known again by a cookie that scripts cannot read; another browser is another voter', async () => {
    const cookies = await voter.cookies();
    const mine = cookies.find(({ name }) => name === 'voter');
    assert.match(mine?.value ?? '', /^[0-9a-f]{32}$/);
    assert.ok(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax'));
    assert.equal(await vote.evaluate('document.cookie'), '');
    await vote.goto(vote.url());
    assert.deepEqual(await pressed(vote), ['Dogs']);

    await using other = await browser.newContext();
    const ballot = await open(other, 1, votePort);
    assert.deepEqual(await pressed(ballot), []);
    await choose(ballot, 'Cats', 'Your vote is in.');
    await says(result, '2 votes, a tie.');
    assert.notEqual((await other.cookies()).find(({ name }) => name === 'voter')?.value, mine?.value);
  });

  test('the pages fit narrow and wide windows', async () => {
    await fits(vote, 'vote');
    await fits(result, 'result');
  });

  test('the page of the result comes back by itself when what it was connected to is gone', async () => {
    const [container] = under(await containersOf(cluster), 'voting_result');
    const node = cluster.nodes.find(({ name }) => name === container?.node);
    assert.ok(container && node);
    await cluster.engine(node, 'kill', container.id);
    await says(result, 'Connection lost, trying again…');
    await says(result, 'Live');
    await until(
      'a vote to be taken',
      async () => await choose(vote, 'Cats', 'Your vote was changed.'),
      () => true,
    );
    await says(result, '2 votes, Cats lead.');
    assert.equal(await result.evaluate('window.opened'), 1);
    assert.deepEqual(complaints, []);
  });
});
