import { describe, expect, it } from 'vitest';
import { AccessControl, type Principal } from './access-control.ts';
import { Statement } from './policy.ts';

const ACTION = 'secretsmanager:GetSecretValue';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/reader/function';

const principals: Record<string, Principal> = {
  root: { kind: 'root' },
  reader: { kind: 'role', roleName: 'reader', sessionArn: SESSION },
};

const accessControl = (...statements: object[]): AccessControl =>
  new AccessControl({
    principalOf: async (accessKeyId) => principals[accessKeyId],
    policiesOf: async () => statements.map((statement) => Statement.parse(statement)),
  });

const allow = { Effect: 'Allow', Action: ACTION, Resource: SECRET };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
describe('access control', () => {
  it('lets a role do what a policy allows', async () => {
    expect(await accessControl(allow).refusalOf('reader', ACTION, SECRET)).toBeUndefined();
  });

  it('names who, what and on what, if no policy allows it', async () => {
    expect(await accessControl().refusalOf('reader', ACTION, SECRET)).toEqual({
      type: 'AccessDeniedException',
      message: `User: ${SESSION} is not authorized to perform: ${ACTION} on resource: ${SECRET} because no identity-based policy allows the ${ACTION} action`,
    });
  });

  it('says so if a policy denies it', async () => {
    const refusal = await accessControl(allow, { ...allow, Effect: 'Deny' }).refusalOf(
      'reader',
      ACTION,
      SECRET,
    );
    expect(refusal?.message).toMatch(/ with an explicit deny in an identity-based policy$/);
  });

  it("lets the account's root user do everything", async () => {
    expect(await accessControl().refusalOf('root', ACTION, SECRET)).toBeUndefined();
  });

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html */
  it.each(['stranger', undefined])(
    'lets no one in with the access key %s, which is not known',
    async (key) => {
      const refusal = await accessControl(allow).refusalOf(key, ACTION, SECRET);
      expect(refusal?.type).toBe('UnrecognizedClientException');
    },
  );

  it('remembers what roles asked for', async () => {
    const control = accessControl(allow);
    await control.refusalOf('reader', ACTION, SECRET);
    await control.refusalOf('reader', 'secretsmanager:PutSecretValue', SECRET);
    await control.refusalOf('root', 'secretsmanager:DeleteSecret', SECRET);
    expect(control.decisions).toEqual([
      { role: 'reader', action: ACTION, resource: SECRET, allowed: true },
      { role: 'reader', action: 'secretsmanager:PutSecretValue', resource: SECRET, allowed: false },
    ]);
  });
});
