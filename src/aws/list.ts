import type { Aws } from './clients.ts';

/** As many as a person can choose from; who has more names one. */
const MOST = 500;

export interface ListedBucket {
  readonly name: string;
  readonly region: string | undefined;
}

/** The account's buckets in the target's Region, by name. */
export async function listBuckets(aws: Aws): Promise<readonly ListedBucket[]> {
  const [s3, { ListBucketsCommand }, target] = await Promise.all([
    aws.s3(),
    import('@aws-sdk/client-s3'),
    aws.target(),
  ]);
  // A bucket sends events to functions of its own Region only, so others are no choice here.
  const command = new ListBucketsCommand({ MaxBuckets: MOST, BucketRegion: target.region.value });
  const output = await aws.call((options) => s3.send(command, options), { action: 's3:ListAllMyBuckets' });
  return (output.Buckets ?? []).flatMap(({ Name, BucketRegion }) =>
    Name === undefined ? [] : [{ name: Name, region: BucketRegion }],
  );
}

export interface ListedFunction {
  readonly name: string;
  readonly runtime: string | undefined;
}

/** The Region's functions, by name. */
export async function listFunctions(aws: Aws): Promise<readonly ListedFunction[]> {
  const [lambda, { ListFunctionsCommand }] = await Promise.all([
    aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const found: ListedFunction[] = [];
  let marker: string | undefined;
  do {
    const command = new ListFunctionsCommand(marker === undefined ? {} : { Marker: marker });
    const output = await aws.call((options) => lambda.send(command, options), {
      action: 'lambda:ListFunctions',
    });
    for (const { FunctionName, Runtime } of output.Functions ?? []) {
      if (FunctionName !== undefined) found.push({ name: FunctionName, runtime: Runtime });
    }
    marker = output.NextMarker;
  } while (marker !== undefined && found.length < MOST);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
