// A Chromium for benchmarks, told what to do by lines of JSON on standard input; one line of JSON answers each. What it can do are
// the functions of kCommands. The browser is Debian's (CHROMIUM says where another is), driven by playwright-core of web/node_modules.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { chromium } = createRequire(fileURLToPath(new URL('../web/package.json', import.meta.url)))('playwright-core');
const kChromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const kDesk = { width: 1600, height: 1000 };
const kPatience = 60_000;

const browser = await chromium.launch({ executablePath: kChromium, args: kFlags });
const system = await browser.newBrowserCDPSession();
const kept = new Map();

/** In the page, before its own script: says when an element was first painted. */
function sayWhenPainted(ready) {
  const observer = new MutationObserver(() => {
    if (!document.querySelector(ready)) return;
    observer.disconnect();
    // Painted when the next frame begins. A browser that is short of processors sometimes begins none: then it counts as late.
    let said = false;
    const say = () => {
      if (!said) drawn(performance.now());
      said = true;
    };
    requestAnimationFrame(() => requestAnimationFrame(say));
    setTimeout(say, 500);
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** In the page, before its own script: says when everything that `ready` names is there and nothing that the page asked for is on
 *  its way, three times within 15 ms, and a frame shows it. What stands behind `>>>` is in the shadow of what is before it. */
function sayWhenSettled(ready) {
  let asked = 0;
  const ask = globalThis.fetch;
  globalThis.fetch = (...how) => {
    ++asked;
    return ask(...how).catch((why) => {
      --asked;
      throw why;
    });
  };
  for (const name of ['json', 'text']) {
    const read = Response.prototype[name];
    Response.prototype[name] = function () {
      return read.call(this).finally(() => --asked);
    };
  }
  const there = (one) => {
    const [outer, inner] = one.split('>>>').map((part) => part.trim());
    const found = document.querySelector(outer);
    return inner ? found?.shadowRoot?.querySelector(inner) : found;
  };
  let held = 0;
  const look = () => {
    held = asked === 0 && ready.every(there) ? held + 1 : 0;
    if (held < 3) return setTimeout(look, 5);
    let said = false;
    const say = () => {
      if (!said) drawn(performance.now());
      said = true;
    };
    requestAnimationFrame(say);
    return setTimeout(say, 500);
  };
  look();
}

/** In the page: when each CRM whose name begins so was first painted in each state, by the machine's clock. */
function noteStates(prefix) {
  globalThis.noted = {};
  const look = () => {
    for (const row of document.querySelectorAll('.row')) {
      const crm = row.querySelector('.name').textContent;
      if (!crm.startsWith(prefix)) continue;
      const key = `${crm} ${row.classList[1]}`;
      if (key in noted) continue;
      noted[key] = 0;
      requestAnimationFrame(() => setTimeout(() => (noted[key] = (performance.timeOrigin + performance.now()) / 1000)));
    }
  };
  new MutationObserver(look).observe(document.getElementById('root'), { childList: true, subtree: true, attributes: true, characterData: true });
  look();
}

/** In the page: from top to bottom, so many pixels a frame. When frames began, by performance.now(). */
function scrollThrough(pixels) {
  return new Promise((resolve) => {
    const began = [];
    let top = 0;
    const step = () => {
      began.push(performance.now());
      if (top >= document.documentElement.scrollHeight - innerHeight) return resolve(began);
      top += pixels;
      scrollTo({ top, behavior: 'instant' });
      requestAnimationFrame(step);
    };
    scrollTo({ top: 0, behavior: 'instant' });
    performance.mark('scroll');
    const from = performance.getEntriesByName('scroll').at(-1).startTime;
    requestAnimationFrame(() => {
      began.push(from);
      step();
    });
  });
}

/** Of a trace: what the page's own thread did, as [begin, milliseconds of CPU], by the page's clock; `from` is its mark. */
function workOf({ traceEvents }, from) {
  const thread = (one) => `${one.pid}/${one.tid}`;
  const mark = traceEvents.find((one) => one.name === 'scroll' && one.cat.includes('blink.user_timing'));
  return traceEvents
    .filter((one) => one.ph === 'X' && one.name.endsWith('RunTask') && thread(one) === thread(mark))
    .map((one) => [from + (one.ts - mark.ts) / 1000, (one.tdur ?? one.dur) / 1000]);
}

async function plainPage(size = kDesk) {
  const context = await browser.newContext({ viewport: size, locale: 'en-GB' });
  context.setDefaultTimeout(kPatience);
  return { context, page: await context.newPage() };
}

async function newPage(script, ready, size) {
  const { context, page } = await plainPage(size);
  let say;
  const drawn = new Promise((resolve) => (say = resolve));
  await page.exposeFunction('drawn', (at) => say(at));
  await page.addInitScript(script, ready);
  return { context, page, drawn };
}

async function patiently(drawn, page) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('what was waited for did not come')), kPatience)));
  try {
    return await Promise.race([drawn, late]);
  } catch (why) {
    const text = await page.locator('body').innerText();
    throw new Error(`${why.message}; the page says: ${text.slice(0, 600)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function metrics(session) {
  const { metrics: all } = await session.send('Performance.getMetrics');
  return Object.fromEntries(all.map((one) => [one.name, one.value]));
}

async function others() {
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  return processInfo.filter((one) => one.type !== 'renderer').reduce((sum, one) => sum + one.cpuTime, 0);
}

const kCommands = {
  /** A browser that has nothing of this page goes there: CPU until `ready` was painted. `main` is the page's own thread, `process` all
   *  threads of its process (compositor, raster, what compiles script), `others` the browser's other processes. Milliseconds. */
  async paint({ url, ready }) {
    const { context, page, drawn } = await newPage(sayWhenPainted, ready);
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await metrics(session);
    const beside = await others();
    const going = page.goto(url);
    const wall = await patiently(drawn, page);
    const after = await metrics(session);
    const answer = { wall, others: ((await others()) - beside) * 1000 };
    const parts = { main: 'TaskDuration', process: 'ProcessTime', script: 'ScriptDuration', layout: 'LayoutDuration', style: 'RecalcStyleDuration' };
    for (const [name, metric] of Object.entries(parts)) answer[name] = (after[metric] - before[metric]) * 1000;
    await going;
    await context.close();
    return answer;
  },
  /** Likewise: milliseconds until all that `ready` names is there, and all that the view asked for. */
  async view({ url, ready, size }) {
    const { context, page, drawn } = await newPage(sayWhenSettled, ready, size);
    const going = page.goto(url);
    const wall = await patiently(drawn, page);
    await going;
    const problems = await page.locator('.problem').allTextContents();
    await context.close();
    if (problems.length > 0) throw new Error(`${url}: ${problems.join(' ')}`);
    return { wall };
  },
  /** A page that stays open under a name. */
  async open({ name, url, ready, note }) {
    const { context, page } = await plainPage();
    await page.goto(url);
    await page.locator(ready).first().waitFor();
    if (note) await page.evaluate(noteStates, note);
    kept.set(name, { context, page });
    return {};
  },
  async noted({ name }) {
    return { noted: await kept.get(name).page.evaluate(() => globalThis.noted) };
  },
  /** [milliseconds from this frame to the next, milliseconds of CPU that the page's own thread worked between] of each frame. */
  async scroll({ name, pixels }) {
    const { page } = kept.get(name);
    await page.bringToFront();
    await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
    const [from, ...began] = await page.evaluate(scrollThrough, pixels);
    const work = workOf(JSON.parse(await browser.stopTracing()), from);
    return { frames: began.slice(1).map((end, i) => [end - began[i], work.filter(([at]) => at >= began[i] && at < end).reduce((sum, [, cpu]) => sum + cpu, 0)]) };
  },
  async close({ name }) {
    await kept.get(name).context.close();
    kept.delete(name);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...how } = JSON.parse(line);
  let answer;
  try {
    answer = await kCommands[what](how);
  } catch (why) {
    answer = { error: String(why.message) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
