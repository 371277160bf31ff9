import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { S3evtError } from '../core/errors.ts';

export const PROJECT_FILE = 's3evt.json';

/** `s3evt.json`: what `init` was told and made, so that the other commands need no flags. No secrets. */
export interface ProjectSettings {
  readonly version: 1;
  readonly bucket?: string;
  readonly region?: string;
  readonly account?: string;
  readonly profile?: string;
  /** Set when the project lives on another endpoint than AWS; no later command falls through to AWS then. */
  readonly endpointUrl?: string;
  /** Set when the project lives on the local AWS. */
  readonly sandbox?: boolean;
  readonly function?: string;
  /** What s3evt made, oldest first; `destroy` removes nothing else. */
  readonly made?: readonly MadeResource[];
}

const KINDS = [
  'bucket',
  'log-group',
  'role',
  'function',
  'queue',
  'topic',
  'permission',
  'statement',
  'rule',
  'event-rule',
  'eventbridge',
  'versioning',
  'redrive',
  'on-failure',
] as const;

export interface MadeResource {
  readonly kind: (typeof KINDS)[number];
  /**
   * Bucket, group, role or function name; ARN of a queue or a topic; statement id; id of a rule; name of an event rule. The bucket of
   * `eventbridge` and `versioning`, which were turned on; the queue's ARN of `redrive`; the function (`name` or `name:qualifier`) of
   * `on-failure`.
   */
  readonly name: string;
  /**
   * The function of a permission (`name` or `name:qualifier`), the destination's ARN of a rule, the ARN of the queue, topic or
   * key whose policy a statement stands in, the ARN of the dead-letter queue of `redrive` and `on-failure`.
   */
  readonly function?: string;
  /** The bucket of a rule, an event rule and `eventbridge`. */
  readonly bucket?: string;
}

export interface Project {
  /** Undefined when there is no project file from the current folder upwards. */
  readonly settings: ProjectSettings | undefined;
  /** Where the file is, or where it would be written. */
  readonly path: string;
  /** Folder of the project file: `.s3evt/backups` lies in it. */
  readonly root: string;
  /** What the file says now: another run in this folder may have written since `settings` was read. */
  current(): ProjectSettings | undefined;
  save(settings: ProjectSettings): void;
  remove(): void;
}

const STRINGS = ['bucket', 'region', 'account', 'profile', 'endpointUrl', 'function'] as const;

function isMade(value: unknown): value is MadeResource {
  if (typeof value !== 'object' || value === null) return false;
  const made = value as Record<string, unknown>;
  return (
    typeof made['kind'] === 'string' &&
    (KINDS as readonly string[]).includes(made['kind']) &&
    typeof made['name'] === 'string' &&
    ['function', 'bucket'].every((name) => made[name] === undefined || typeof made[name] === 'string')
  );
}

/** Reads a project file's text. Throws INVALID_PROJECT_FILE with what is wrong and where. */
export function parseProjectSettings(text: string, path: string): ProjectSettings {
  const wrong = (what: string) =>
    new S3evtError('INVALID_PROJECT_FILE', `${path}: ${what}`, {
      hint: `Mend the file, or move it away and run "s3evt init" again.`,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('must hold one JSON object');
  const settings = value as Record<string, unknown>;
  if (settings['version'] !== 1)
    throw wrong(`"version" must be 1, it is ${JSON.stringify(settings['version'])}`);
  for (const name of STRINGS) {
    if (settings[name] !== undefined && (typeof settings[name] !== 'string' || settings[name] === '')) {
      throw wrong(`"${name}" must be a text that is not empty`);
    }
  }
  if (settings['sandbox'] !== undefined && typeof settings['sandbox'] !== 'boolean')
    throw wrong('"sandbox" must be true or false');
  const made = settings['made'];
  if (made !== undefined && !(Array.isArray(made) && made.every(isMade))) {
    throw wrong('"made" must be a list of {"kind", "name"}');
  }
  return value as ProjectSettings;
}

/** The nearest `s3evt.json` from `cwd` upwards. Throws FILE_UNREADABLE or INVALID_PROJECT_FILE. */
export function openProject(cwd: string): Project {
  let folder = resolve(cwd);
  for (;;) {
    const path = join(folder, PROJECT_FILE);
    const text = readIfExists(path);
    if (text !== undefined) return project(path, parseProjectSettings(text, path));
    const parent = dirname(folder);
    if (parent === folder) return project(join(resolve(cwd), PROJECT_FILE), undefined);
    folder = parent;
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new S3evtError('FILE_UNREADABLE', `${path} cannot be read (${code ?? String(error)})`, {
      cause: error,
    });
  }
}

function project(path: string, settings: ProjectSettings | undefined): Project {
  return {
    path,
    root: dirname(path),
    settings,
    current() {
      const text = readIfExists(path);
      return text === undefined ? undefined : parseProjectSettings(text, path);
    },
    save(next) {
      writeWhole(path, `${JSON.stringify(next, null, 2)}\n`);
    },
    remove() {
      rmSync(path, { force: true });
    },
  };
}

/** Writes a file in one piece: a killed run leaves the old text or the new one, never half of it. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text, { mode: 0o644 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new S3evtError(
      'FILE_UNWRITABLE',
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
      {
        cause: error,
      },
    );
  }
}
