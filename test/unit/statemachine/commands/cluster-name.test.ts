import { expect, it } from 'vitest';
import { clusterName } from '../../../../statemachine/commands/aws/cluster-name.ts';

it.each([
  ['orders.cluster-c1a2b3.eu-central-1.docdb.amazonaws.com:27017', 'orders'],
  ['orders.cluster-ro-c1a2b3.eu-central-1.docdb.amazonaws.com', 'orders'],
  ['orders.cluster-c1a2b3.docdb.cn-north-1.amazonaws.com.cn:27017', 'orders'],
])('the endpoint %s is told by the name of its cluster', (place, name) => {
  expect(clusterName(place)).toBe(name);
});

it.each([
  // An instance's.
  'orders-1.c1a2b3.eu-central-1.docdb.amazonaws.com:27017',
  'localhost:27017',
  'orders.cluster-c1a2b3.eu-central-1.docdb.amazonaws.com.example.org',
])('%s is no endpoint of a cluster, and stays whole', (place) => {
  expect(clusterName(place)).toBe(place);
});
