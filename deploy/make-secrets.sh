#!/bin/sh
# make-secrets.sh SECRETS DATABASE: into the first directory a signing key, the admin's and the services' tokens and what else Tandem
# must know; into the second the database's password for its server, which runs as somebody else. What is there stays.
set -eu
umask 077
cd "$1"

[ -s postgres-password ] || head -c 24 /dev/urandom | base64 >postgres-password
[ -s ingest-secret ] || head -c 32 /dev/urandom | base64 >ingest-secret
# Tokens run out, so there are new ones each time.
tandem token --make-key --data-dir . --role service --subject tandem --desks '*' --ttl 8760h >service-token
tandem token --data-dir . --role admin --subject admin --desks '*' --ttl 8760h >auth/admin.token
chown -R 65532:65532 .

install -m 755 -d "$2"
install -m 644 postgres-password "$2/password"
