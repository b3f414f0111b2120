#!/bin/sh
# Mails the end of a unit's log to PAPU_MAIL_TO: mail_failure.sh papu.service
set -eu
unit=$1
{
    printf 'To: %s\n' "$PAPU_MAIL_TO"
    printf 'Subject: %s failed on %s\n' "$unit" "$(uname -n)"
    printf 'Content-Type: text/plain; charset=utf-8\n\n'
    printf 'papu status says what to do. The end of the log:\n\n'
    journalctl --unit="$unit" --lines=40 --output=cat --no-pager
} | "${SENDMAIL:-/usr/sbin/sendmail}" -t
