/**
 * A key and a certificate that nobody vouches for (`openssl req -x509`, for a hundred years): for a server on loopback, and for
 * nothing else.
 */
export const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6fm/sQVpmn5v0xsL
zkbSViNWcz6/8Cw6Xb6MuprIjQWhRANCAARBEGlruGABdePVyIAbY6Xf31qrn09c
sDoRAlpupXCO+QepSEzIqYvivqcd4gNSvde/J3UppklcXzVp7bAAg8PS
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUNT118BRtEpRZd9kbOARrpgXJzdkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjIzNDcwM1oYDzIxMjYxMTAy
MjM0NzAzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARBEGlruGABdePVyIAbY6Xf31qrn09csDoRAlpupXCO+QepSEzIqYvi
vqcd4gNSvde/J3UppklcXzVp7bAAg8PSo1MwUTAdBgNVHQ4EFgQUXkIF2Q5mmJV0
1vKAz4TdqQ07Z2MwHwYDVR0jBBgwFoAUXkIF2Q5mmJV01vKAz4TdqQ07Z2MwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAkqo+xIKJT08oNEshBt9p
9ucbazjx+Ni5TXbi6uxavTwCIBW5tG2iCOzC3hMCh15ygHfM8Dc6k0h1W23IH+wr
XAFt
-----END CERTIFICATE-----
`
}
