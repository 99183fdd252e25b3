#!/bin/sh
# make-dev-ca.sh -- owns the making of a certificate authority and a server certificate for development and tests.
#   certs/make-dev-ca.sh DIR [HOST...]
# Writes into DIR: ca.pem, ca.key, server.pem (certificate, then the CA's), server.key; keys with mode 0600. The certificate is
# valid for localhost, 127.0.0.1, ::1 and each HOST (a name or an IP address). Nothing is overwritten.
set -eu

ca_days=3650 server_days=397
if [ $# -lt 1 ] || [ "${1#-}" != "$1" ]; then
    echo "usage: certs/make-dev-ca.sh DIR [HOST...]" >&2
    exit 2
fi
dir=$1
shift
umask 077
mkdir -p "$dir"
for file in ca.pem ca.key server.pem server.key; do
    if [ -e "$dir/$file" ]; then
        echo "make-dev-ca.sh: $dir/$file is there already; remove it or name another directory" >&2
        exit 1
    fi
done

names="DNS:localhost,IP:127.0.0.1,IP:::1"
for host; do
    case $host in
    *[!A-Za-z0-9.:_*-]* | '') echo "make-dev-ca.sh: \"$host\" is no host name and no address" >&2; exit 2 ;;
    *:*) names="$names,IP:$host" ;;
    *[!0-9.]*) names="$names,DNS:$host" ;;
    *) names="$names,IP:$host" ;;
    esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() {
    "$@" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
}

quietly openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
quietly openssl req -x509 -new -sha256 -key "$work/ca.key" -days $ca_days -subj "/CN=storehook development CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$work/ca.pem"

quietly openssl ecparam -name prime256v1 -genkey -noout -out "$work/server.key"
quietly openssl req -new -sha256 -key "$work/server.key" -subj "/CN=storehook" -out "$work/server.csr"
cat >"$work/extensions" <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=$names
END
quietly openssl x509 -req -sha256 -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
    -set_serial "0x$(openssl rand -hex 16 | sed 's/^./1/')" -days $server_days -extfile "$work/extensions" -out "$work/leaf.pem"
cat "$work/leaf.pem" "$work/ca.pem" >"$work/server.pem"

for file in ca.key server.key ca.pem server.pem; do
    mv "$work/$file" "$dir/$file"
done
chmod 644 "$dir/ca.pem" "$dir/server.pem"
echo "$dir: ca.pem ca.key server.pem server.key ($names)"
