import type { Aws } from './clients.ts';

/** AWS that is made when something is first asked of it: a command that ends before that need not load any of it. */
export function lazyAws(make: () => Promise<Aws>): Aws {
  let made: Promise<Aws> | undefined;
  const aws = () => (made ??= make());
  return {
    target: async () => (await aws()).target(),
    s3: async (region) => (await aws()).s3(region),
    lambda: async () => (await aws()).lambda(),
    logs: async () => (await aws()).logs(),
    iam: async () => (await aws()).iam(),
    sts: async () => (await aws()).sts(),
    sqs: async () => (await aws()).sqs(),
    sns: async () => (await aws()).sns(),
    events: async () => (await aws()).events(),
    kms: async () => (await aws()).kms(),
    cloudwatch: async () => (await aws()).cloudwatch(),
    cloudtrail: async () => (await aws()).cloudtrail(),
    call: async (send, what) => (await aws()).call(send, what),
    inRegion: (region) => lazyAws(async () => (await aws()).inRegion(region)),
    destroy() {
      // Of what could not be made there is nothing to close; who asked for it knows why.
      made?.then(
        (opened) => opened.destroy(),
        () => undefined,
      );
    },
  };
}
