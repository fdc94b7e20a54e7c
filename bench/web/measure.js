// What the driver calls in the page, and what is written down while the page runs.

import { ahead, side } from './sides.js';

const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
const after = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
// A task of its own: asked for in a frame's callback it runs when that frame has been laid out and painted.
const task = () => new Promise(resolve => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = resolve;
  port2.postMessage(null);
});

// A trap in a promise that nobody waits for, say: then nothing more is to be waited for either.
addEventListener('error', ({ message }) => window.trouble ??= message);
addEventListener('unhandledrejection', ({ reason }) => window.trouble ??= reason?.stack ?? String(reason));

// What the main thread was kept with for 50 ms and more, and by which scripts.
const tasks = [];
const frames = [];
new PerformanceObserver(list => tasks.push(...list.getEntries())).observe({ type: 'longtask', buffered: true });
try {
  new PerformanceObserver(list => frames.push(...list.getEntries())).observe({ type: 'long-animation-frame', buffered: true });
} catch {}

// When a wasm was handed over and when it was there, and the memories that are used.
const wasm = [];
const memories = new Set();
for (const name of ['instantiateStreaming', 'instantiate', 'compileStreaming', 'compile']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...given) => {
    const step = { name, begins: performance.now() };
    wasm.push(step);
    const made = await original.apply(WebAssembly, given);
    step.ends = performance.now();
    const { memory } = (made.instance ?? made).exports ?? {};
    if (memory) memories.add(memory);
    return made;
  };
}

// In sight, and what a click at its middle would hit.
const canBeUsed = element => {
  if (!element) return false;
  const { left, top, width, height } = element.getBoundingClientRect();
  if (!width || !height) return false;
  const hit = element.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
  return element === hit || element.contains(hit);
};

// Ends in a frame's callback in which this holds; what it saw is painted when the next frame begins.
const until = async (holds, seconds, what) => {
  const limit = performance.now() + seconds * 1000;
  while (!holds()) {
    if (window.trouble) throw new Error(window.trouble);
    if (performance.now() > limit) throw new Error(`after ${seconds} s there is no ${what}`);
    await frame();
  }
};

const ready = ahead ? side.load() : undefined;
ready?.catch(error => window.trouble = error.stack ?? String(error));

// From the click to a list of services that is painted, and from a click on one of them to its answer.
const firstSight = async () => {
  const about = ready && await ready;
  const clicked = await new Promise(resolve => {
    const button = document.getElementById('open');
    button.onclick = () => {
      const at = performance.now();
      if (about) side.open(about);
      else side.load().then(about => side.open(about)).catch(error => window.trouble = error.stack ?? String(error));
      resolve(at);
    };
    button.click();
  });
  await frame();
  await until(() => canBeUsed(side.service()), 60, 'service');
  const found = performance.now();
  await frame();
  const painted = performance.now();
  // Whatever it shows of the click.
  let shows = false;
  const watch = new MutationObserver(() => shows = true);
  watch.observe(side.dialog(), { subtree: true, childList: true, attributes: true, characterData: true });
  side.service().click();
  await until(() => shows, 60, 'answer to a click on a service');
  watch.disconnect();
  await frame();
  const answered = performance.now();
  const resources = performance.getEntriesByType('resource')
    .filter(it => it.responseEnd >= clicked)
    .map(it => ({ name: it.name.split('/').at(-1), begins: it.startTime - clicked, ends: it.responseEnd - clicked, bytes: it.transferSize }));
  return {
    painted: painted - clicked,
    found: found - clicked,
    answered: answered - painted,
    resources,
    wasm: wasm.map(step => ({ name: step.name, begins: step.begins - clicked, ends: step.ends - clicked })),
    longest: Math.max(0, ...tasks.filter(it => it.startTime >= clicked).map(it => it.duration)),
  };
};

// Opens the dialog and goes to the service.
const opens = async () => {
  side.open(await (ready ?? side.load()), { maxFiles: 20_000 });
  await until(() => canBeUsed(side.service()), 20, 'service');
  await frame();
  side.service().click();
};

// From the click on an album to its first photos.
const album = async (name, patience) => {
  await until(() => canBeUsed(side.album(name)), 20, `album «${name}»`);
  tasks.length = frames.length = 0;
  await frame();
  const clicked = performance.now();
  side.album(name).click();
  await until(() => side.loaded() > 0 && canBeUsed(side.photos()[0]), patience, 'photo');
  await frame();
  return performance.now() - clicked;
};

const seen = element => {
  const { top, bottom } = side.scroller().getBoundingClientRect();
  const at = element.getBoundingClientRect();
  return at.bottom > top && at.top < bottom;
};

// Goes to the end of what there is at every frame, until there are so many photos and the last is in sight. Gives up after so long.
const scroll = async (count, seconds) => {
  const began = performance.now();
  const pace = [];
  let loaded = 0;
  let over = false;
  while (!over) {
    await frame();
    const now = performance.now() - began;
    const pane = side.scroller();
    loaded = side.loaded();
    if (loaded >= (pace.length + 1) * 500) pace.push(Math.round(now));
    over = now > seconds * 1000 || loaded >= count && pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 2 && seen(side.photos().at(-1));
    pane.scrollTop = pane.scrollHeight;
  }
  await frame();
  const there = performance.now() - began;
  const pictures = () => side.photos().filter(seen).every(it => [...it.querySelectorAll('img')].every(image => image.src && image.complete));
  await until(pictures, 30, 'picture at the end').catch(() => {});
  return { loaded, reached: loaded >= count, milliseconds: there, pictures: performance.now() - began, pace };
};

// From a click on a photo to the paint that shows it chosen, or let go of. The click is at the beginning of a frame.
const toggle = async photo => {
  const target = side.target(photo);
  const before = side.isChosen(photo);
  await frame();
  const clicked = performance.now();
  target.click();
  const changed = () => photo.isConnected && side.isChosen(photo) !== before;
  for (let turns = 0; turns < 20 && !changed(); turns++) await null;
  // Otherwise it is drawn later than in this frame.
  if (!changed()) await until(changed, 60, 'photo that was clicked on');
  await task();
  return performance.now() - clicked;
};

const toggles = async times => {
  const all = side.photos().filter(seen);
  const milliseconds = [];
  const began = performance.now();
  for (let at = 0; at < times && performance.now() - began < 60_000; at++) {
    milliseconds.push(await toggle(all[(at >> 1) % all.length]));
    await after(150);
  }
  return milliseconds;
};

const elements = (root = document) => {
  let count = 0;
  for (const element of root.querySelectorAll('*')) count += 1 + (element.shadowRoot ? elements(element.shadowRoot) : 0);
  return count;
};

const wasmMemory = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

const facts = () => ({
  elements: elements(),
  wasm: wasmMemory(),
  tasks: tasks.map(it => it.duration),
  // What kept the longest frames, by what the browser says of scripts that took 5 ms and more.
  frames: frames.toSorted((a, b) => b.duration - a.duration).slice(0, 3).map(it => {
    const end = it.startTime + it.duration;
    const scripts = it.scripts.map(script => {
      const { duration, forcedStyleAndLayoutDuration: layout, invoker, sourceURL, sourceFunctionName } = script;
      const of = [invoker, sourceFunctionName, sourceURL.split('/').at(-1)].filter(Boolean).join(' ');
      return `${of} ${Math.round(duration)} ms, of it layout ${Math.round(layout)} ms`;
    });
    const rendering = it.renderStart ? `, rendering ${Math.round(end - it.renderStart)} ms, of it style and layout ${Math.round(end - it.styleAndLayoutStart)} ms` : '';
    return `${Math.round(it.duration)} ms, blocking ${Math.round(it.blockingDuration)} ms${rendering}: ${scripts.join('; ') || 'no script'}`;
  }),
});

// The visitor's sign-in, where one is needed.
const connects = () => canBeUsed(side.connect());
const connect = () => void side.connect().click();
const forgets = () => void (tasks.length = frames.length = 0);

window.bench = { firstSight, opens, connects, connect, album, scroll, forgets, toggles, facts };
