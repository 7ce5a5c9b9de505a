import { expect, it } from 'vitest';
import { consoleLink } from '../../../../functions/runtime/console-link.ts';

it.each([
  ['aws', 'eu-central-1', 'https://eu-central-1.console.aws.amazon.com/'],
  ['aws-cn', 'cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
  ['aws-us-gov', 'us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
])('The console of the partition %s is at its own address', (partition, region, address) => {
  const arn = `arn:${partition}:states:${region}:111122223333:execution:rotation:one`;
  expect(consoleLink(arn)).toBe(`${address}states/home?region=${region}#/v2/executions/details/${arn}`);
});
