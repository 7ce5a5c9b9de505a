import { DocDBServiceException } from '@aws-sdk/client-docdb';
import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { SFNServiceException } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { awsFailure } from '../../../../functions/runtime/aws-failure.ts';

const details = (name: string, $fault: 'client' | 'server') =>
  ({ name, $fault, message: 'quotes the request', $metadata: {} }) as const;

describe('the failure of a call of AWS', () => {
  it.each([
    [new SecretsManagerServiceException(details('AccessDeniedException', 'client')), 'refused'],
    [new SecretsManagerServiceException(details('ThrottlingException', 'client')), 'transient'],
    [new SecretsManagerServiceException(details('InternalServiceError', 'server')), 'transient'],
    [new DocDBServiceException(details('InvalidParameterCombination', 'client')), 'refused'],
    [new DocDBServiceException(details('RequestLimitExceeded', 'client')), 'transient'],
    [new SFNServiceException(details('ExecutionDoesNotExist', 'client')), 'refused'],
    [Object.assign(new Error('connect'), { name: 'TimeoutError' }), 'unanswered'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED', name: 'Error' }), 'unanswered'],
  ])('$name', (error, kind) => {
    expect(awsFailure(error)).toEqual({ name: error.name, kind });
  });

  it('has a name even if something else than an error was thrown', () => {
    expect(awsFailure('text')).toEqual({ name: 'an unknown error', kind: 'unanswered' });
  });
});
