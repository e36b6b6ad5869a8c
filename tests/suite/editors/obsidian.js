// What Obsidian's file adapter and its plugin Tasks do to a vault, which is the current directory.
const fs = require('fs').promises, path = require('path');

const layout = async (open) =>
  fs.writeFile('.obsidian/workspace.json', JSON.stringify({ main: { id: open } }, null, 2));

// As the plugin reads a line: signs from its end, one after the other.
const LINE = /^([\s\t>]*)([-*+]|[0-9]+[.)]) +\[(.)\] *(.*)/u;
const SIGNS = {
  due: /(?:📅|📆|🗓)\uFE0F? *(\d{4}-\d{2}-\d{2})$/u,
  start: /🛫\uFE0F? *(\d{4}-\d{2}-\d{2})$/u,
  done: /✅\uFE0F? *(\d{4}-\d{2}-\d{2})$/u,
};
const parse = (line) => {
  const found = LINE.exec(line);
  if (!found) return null;
  const task = { status: found[3], text: found[4].trim() };
  for (let again = true; again; ) {
    again = false;
    for (const [name, sign] of Object.entries(SIGNS)) {
      const match = sign.exec(task.text);
      if (!match) continue;
      task[name] = match[1];
      task.text = task.text.replace(sign, '').trim();
      again = true;
    }
  }
  return task;
};

const steps = {
  async open() {
    await fs.mkdir('.obsidian', { recursive: true });
    for (const name of ['app', 'appearance', 'core-plugins', 'graph']) {
      await fs.writeFile(path.join('.obsidian', `${name}.json`), '{}');
    }
    await layout('Plan.md');
    const notes = {};
    for (const name of await fs.readdir('.')) {
      const stat = await fs.stat(name);
      if (stat.isFile() && name.endsWith('.md')) notes[name] = await fs.readFile(name, 'utf8');
    }
    return notes;
  },
  // not done, due before 2026-12-04
  async query() {
    const lines = (await fs.readFile('Plan.md', 'utf8')).split('\n').map(parse);
    return lines.filter((task) => task && task.status === ' ' && task.due && task.due < '2026-12-04');
  },
  async tick() {
    const text = await fs.readFile('Plan.md', 'utf8');
    await fs.writeFile('Plan.md', text.replace('- [ ] one', '- [x] one ✅ 2026-11-28'));
    await fs.stat('Plan.md');
    await layout('Plan.md');
    return null;
  },
  async make() {
    await fs.writeFile('Untitled.md', '');
    await fs.stat('Untitled.md');
    await fs.rename('Untitled.md', 'Ideas.md');
    await fs.writeFile('Ideas.md', '- [ ] fly\n');
    return null;
  },
  async trash() {
    await fs.mkdir('.trash', { recursive: true });
    await fs.rename('Ideas.md', path.join('.trash', 'Ideas.md'));
    await layout('Plan.md');
    return null;
  },
};

steps[process.argv[2]]().then((told) => console.log(JSON.stringify(told)));
