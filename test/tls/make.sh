#!/bin/sh
# Makes the certificates in this folder anew. Wants openssl; the tests do not.
# They begin long ago, for the clock of a machine that runs tests may be wrong.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.key
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/index"
cat > "$work/config" <<CONFIG
[any]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
[anything]
organizationName = optional
commonName = supplied
CONFIG
begin=20200101000000Z end=21200101000000Z

request() { # file, subject
  openssl ecparam -genkey -name prime256v1 -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"
  openssl req -new -key "$1.key" -subj "$2" -out "$work/request"
}

sign() { # file, extensions, end, how
  printf '%b\n' "$2" > "$work/extensions"
  file=$1 end_of=$3
  shift 3
  openssl ca -batch -notext -config "$work/config" -name any -startdate "$begin" -enddate "$end_of" \
    -extfile "$work/extensions" -in "$work/request" -out "$file.pem" "$@" 2> /dev/null
}

authority() { # file, name
  request "$1" "/CN=$2"
  sign "$1" 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign' "$end" \
    -selfsign -keyfile "$1.key"
}

leaf() { # file, authority, subject, usage, SAN or '', end
  request "$1" "$3"
  sign "$1" "extendedKeyUsage=$4${5:+\\nsubjectAltName=$5}" "${6:-$end}" -cert "$2.pem" -keyfile "$2.key"
}

here=DNS:shop.example,DNS:localhost,IP:127.0.0.1
spiffe=URI:spiffe://example.org/ns/shop/sa/orders
authority ca 'tracebridge test'
authority other-ca 'another test'
leaf shop ca /CN=shop.example serverAuth "$here"
leaf renewed ca /CN=shop.example serverAuth "$here"
leaf wildcard ca /CN=api.example serverAuth 'DNS:*.api.example'
leaf expired ca /CN=shop.example serverAuth DNS:shop.example 20210101000000Z
leaf orders ca /CN=orders clientAuth "$spiffe,DNS:orders.shop.svc"
leaf legacy ca '/O=Example/CN=legacy client' clientAuth ''
leaf stranger other-ca /CN=orders clientAuth "$spiffe"
rm ca.key other-ca.key
