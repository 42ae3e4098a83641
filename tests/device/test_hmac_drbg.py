"""HMAC-SHA256 and HMAC_DRBG against published values."""

from binascii import unhexlify

from check import raises
from seal.errors import Malformed
from seal.hmac_drbg import MAX_REQUEST, HmacDrbg, hmac_sha256

# NIST CAVP, HMAC_DRBG with SHA-256, COUNT = 0: entropy || nonce, personalization, reseed, two additional
# inputs, bits
NO_RESEED = (
    "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488659ba96c601dc69fc902940805ec0ca8",
    "",
    "",
    "",
    "",
    "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460"
    "b6f73ebad0dc2aba6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
    "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8",
)
RESEED = (
    "06032cd5eed33f39265f49ecb142c511da9aff2af71203bffaf34a9ca5bd9c0d0e66f71edc43e42a45ad3c6fc6cdc4df",
    "",
    "01920a4e669ed3a85ae8a33b35a74ad7fb2a6bb4cf395ce00334a9c9a5a5d552",
    "",
    "",
    "76fc79fe9b50beccc991a11b5635783a83536add03c157fb30645e611c2898bb2b1bc215000209208cd506cb28da2a51"
    "bdb03826aaf2bd2335d576d519160842e7158ad0949d1a9ec3e66ea1b1a064b005de914eac2e9d4f2d72a8616a802254"
    "22918250ff66a41bd2f864a6a38cc5b6499dc43f7f2bd09e1e0f8f5885935124",
)
ADDITIONAL = (
    "5d3286bc53a258a53ba781e2c4dcd79a790e43bbe0e89fb3eed39086be34174bc5422294b7318952ace7055ab7570abf",
    "2dba094d008e150d51c4135bb2f03dcde9cbf3468a12908a1b025c120c985b9d",
    "",
    "793a7ef8f6f0482beac542bb785c10f8b7b406a4de92667ab168ecc2cf7573c6",
    "2238cdb4e23d629fe0c2a83dd8d5144ce1a6229ef41dabe2a99ff722e510b530",
    "d04678198ae7e1aeb435b45291458ffde0891560748b43330eaf866b5a6385e74c6fa5a5a44bdb284d436e98d244018d"
    "6acedcdfa2e9f499d8089e4db86ae89a6ab2d19cb705e2f048f97fb597f04106a1fa6a1416ad3d859118e079a0c319eb"
    "95686f4cbcce3b5101c7a0b010ef029c4ef6d06cdfac97efb9773891688c37cf",
)


def test_hmac_of_rfc4231():
    assert hmac_sha256(b"\x0b" * 20, b"Hi There") == unhexlify(
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    )
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?") == unhexlify(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    long_key = b"Test Using Larger Than Block-Size Key - Hash Key First"
    assert hmac_sha256(b"\xaa" * 131, long_key) == unhexlify(
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    )


def test_drbg_of_nist():
    for case in (NO_RESEED, RESEED, ADDITIONAL):
        seed, personal, reseed, first, second, bits = [unhexlify(text) for text in case]
        drbg = HmacDrbg(seed + personal)
        if reseed:
            drbg.update(reseed)
        drbg.generate(128, first)
        assert drbg.generate(128, second) == bits


def test_drbg_request_sizes():
    assert HmacDrbg(b"seed").generate(0) == b""
    assert HmacDrbg(b"seed").generate(33) == HmacDrbg(b"seed").generate(64)[:33]
    assert len(HmacDrbg(b"seed").generate(MAX_REQUEST)) == MAX_REQUEST
    raises(Malformed, HmacDrbg(b"seed").generate, MAX_REQUEST + 1)
    raises(Malformed, HmacDrbg(b"seed").generate, -1)
