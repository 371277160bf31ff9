import type { Ask } from '../core/ask.ts';
import { S3evtError } from '../core/errors.ts';
import { redact } from '../core/redact.ts';
import { createIo } from '../ui/io.ts';
import { envelope, ndjson } from '../ui/json.ts';
import { createProgress } from '../ui/progress.ts';
import { createAsk, PromptCancelled } from '../ui/prompt.ts';
import { sanitize } from '../ui/sanitize.ts';
import { createTheme } from '../ui/theme.ts';
import type { ViewOptions } from '../ui/view-options.ts';
import { createContext, type GlobalFlags } from './context.ts';
import type { CommandResult, Loaded } from './dispatch.ts';
import { failWith, lines } from './fail-with.ts';
import { Interrupted, type Host } from './host.ts';

/** Runs a command in its context and draws what it returns. Returns the exit code. */
export async function runCommand<Result extends CommandResult, Item>(
  name: string,
  flags: GlobalFlags,
  load: () => Promise<Loaded<Result, Item>>,
  host: Host,
): Promise<number> {
  const json = flags.json === true;
  const debug = flags.debug === true;
  const io = createIo(host, { env: host.env, color: flags.color });
  const theme = createTheme(io.stdout);
  const progress = createProgress(io, createTheme(io.stderr), {
    quiet: flags.quiet === true,
    json,
    // Who is asked must see what for.
    keepsShown: () => ask.interactive && flags.yes !== true,
  });
  // A reader that goes away ends the run like Ctrl-C does, only that it counts as success.
  const stop = new AbortController();
  const signal = AbortSignal.any([host.signal, stop.signal]);
  io.stdout.onClosed(() => stop.abort(new Interrupted(0)));
  const ask: Ask = createAsk(io, {
    enabled: flags.input && !json,
    get stdin() {
      return host.stdin;
    },
    signal,
    around: (question) => progress.pauseWhile(question),
  });
  const options = (): ViewOptions => ({
    theme,
    width: io.stdout.columns,
    plain: !io.stdout.isTTY,
    now: host.clock.now(),
  });
  const loaded = await load();
  const items = (values: readonly Item[]): Promise<void> => {
    if (json) return io.stdout.write(values.map((value) => ndjson(value as object)).join(''));
    const now = options();
    let text = '';
    for (const value of values) {
      const shown = loaded.viewItem?.(value, now) ?? {};
      if (shown.stderr && flags.quiet !== true) {
        // What came before stands before it.
        void io.stdout.write(text);
        text = '';
        for (const note of shown.stderr) progress.emit({ type: 'note', text: note });
      }
      if (shown.stdout) text += lines(shown.stdout);
    }
    return io.stdout.write(text);
  };
  const ctx = createContext<Item>({
    host,
    flags,
    ask,
    signal,
    emit: (said) => {
      progress.emit(said);
      // A stream has no envelope to carry its warnings.
      if (json && loaded.streams === true && said.type === 'warning') {
        void io.stdout.write(ndjson({ type: 'warning', ...said.warning }));
      }
    },
    items,
    debug: debug ? (line) => void io.stderr.write(`${redact(sanitize(line))}\n`) : undefined,
  });
  try {
    const result = await loaded.run(ctx);
    await progress.stop();
    if (!json) await io.stdout.write(lines(loaded.view(result, options())));
    else if (loaded.streams !== true) {
      const { status, ...data } = result;
      const warnings = progress.warnings();
      await io.stdout.write(
        envelope({ command: name, status, data, warnings, error: null }, io.stdout.isTTY),
      );
    }
    await io.stdout.flush();
    await io.stderr.flush();
    return result.exitCode ?? (result.status === 'negative' ? 3 : 0);
  } catch (error) {
    await progress.stop();
    const interrupted = interruption(error, signal);
    const streams = loaded.streams === true;
    const failing = { name, json, debug, warnings: progress.warnings(), streams };
    if (interrupted === undefined) return await failWith(error, failing, io);
    if (interrupted === 0) return 0;
    if (loaded.endsWithInterrupt === true && interrupted === 130) return 0;
    // What was left behind stands in the error of a command that knows it; the exit code is the signal's.
    if (json || error instanceof S3evtError) {
      const known = error instanceof S3evtError ? error : new S3evtError('INTERRUPTED', 'interrupted');
      await failWith(known, failing, io);
    } else {
      await io.stderr.write('interrupted\n');
    }
    return interrupted;
  } finally {
    // What was begun ahead and is not wanted any more ends with it: the SDK would try a call again whose socket is gone.
    stop.abort(new Interrupted(0));
    ctx.aws.destroy();
  }
}

/** The exit code when somebody stopped the run: a signal, a closed pipe, Ctrl-C at a question. */
function interruption(error: unknown, signal: AbortSignal): number | undefined {
  if (signal.aborted) return signal.reason instanceof Interrupted ? signal.reason.exitCode : 130;
  return error instanceof PromptCancelled ? 130 : undefined;
}
