-- nothing leaves a copy: pause webhooks and drop their secrets
UPDATE crm_suite_webhook
   SET state = CASE WHEN state = 'on' THEN 'paused' ELSE state END,
       pause_reason = 'neutralization',
       secret = NULL,
       secret_old = NULL,
       secret_old_until = NULL,
       url = 'https://neutralized.invalid/';
UPDATE crm_suite_webhook_delivery
   SET state = 'dead', next_try = NULL
 WHERE state IN ('pending', 'sending', 'failed');
-- and the door for reports stays with the original; the role belongs to the server
DROP SCHEMA IF EXISTS crm_suite_bi CASCADE;
DELETE FROM crm_suite_bi_access;
-- and no program comes in that knows a key of the original
UPDATE crm_suite_api_key SET revoked = now() AT TIME ZONE 'UTC' WHERE revoked IS NULL;
