import type { Host } from './host.ts';
import type { Sight } from './sight.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
}

/** Packages installed where the process imports from, read through its own root. Nothing of them is run. */
export async function packagesOf(sight: Sight, host: Host): Promise<Package[]> {
  const root = `/proc/${sight.pid}/root`;
  const found = new Map<string, Package>();
  for (const folder of await siteFolders(sight, host))
    for (const name of (await host.listDir(`${root}${folder}`)) ?? []) {
      const one = parseDistribution(name);
      if (one !== undefined && !found.has(one.name)) found.set(one.name, one);
    }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

// "pyzmq-22.3.0.dist-info", "torch-2.1.0+cu118.dist-info", "PyYAML-5.3.egg-info", "zope.event-4.6-py3.11.egg-info"
const DISTRIBUTION = /^(?<name>[\w.]+)-(?<version>\d[\w.+!]*?)(?:-py[\d.]+)?\.(?:dist|egg)-info$/;

export function parseDistribution(folder: string): Package | undefined {
  const found = DISTRIBUTION.exec(folder)?.groups;
  if (found?.name === undefined || found.version === undefined) return undefined;
  return { name: found.name.toLowerCase().replace(/[._]+/g, '-'), version: found.version };
}

/** Where the process imports from: what it has loaded tells best, then the environment of its interpreter. */
async function siteFolders(sight: Sight, host: Host): Promise<string[]> {
  const folder = `/proc/${sight.pid}`;
  const texts = await host.readFiles([`${folder}/maps`, `${folder}/environ`]);
  const folders = new Set<string>();
  for (const line of (texts.get(`${folder}/maps`) ?? '').split('\n')) {
    const path = /(\/.*?\/(?:site|dist)-packages)\//.exec(line)?.[1];
    if (path !== undefined) folders.add(path);
  }
  const environment = (texts.get(`${folder}/environ`) ?? '').split('\0');
  const valueIn = (name: string): string | undefined =>
    environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const program = sight.command[0] ?? '';
  const prefixes = [
    valueIn('VIRTUAL_ENV'),
    valueIn('CONDA_PREFIX'),
    // "/srv/venv/bin/python": the venv. The link behind it leads to the interpreter that the venv is of.
    ...[program, sight.executable].map((path) => /^(\/.*)\/bin\/[^/]+$/.exec(path ?? '')?.[1]),
  ];
  for (const prefix of new Set(prefixes.flatMap((path) => path ?? []))) {
    const versions =
      (await host.listDir(`${folder}/root${prefix}/lib`))?.filter((name) => /^python\d/.test(name)) ?? [];
    for (const version of versions)
      for (const kind of ['site-packages', 'dist-packages']) folders.add(`${prefix}/lib/${version}/${kind}`);
  }
  for (const path of valueIn('PYTHONPATH')?.split(':') ?? []) if (path.startsWith('/')) folders.add(path);
  // A step upwards could lead out of the root of the process.
  return [...folders].filter((path) => !path.split('/').includes('..')).slice(0, MOST_FOLDERS);
}

const MOST_FOLDERS = 20;
