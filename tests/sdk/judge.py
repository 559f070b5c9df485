"""The official SDK as the judge of the sandbox's cloud.

Every call that kubectl-ackcred makes is made here by the official Python SDK against a running sandbox. The sandbox must
accept it, and the SDK's own models must read the answer. What was tampered with after signing must be refused.

The variable ACKCRED_SDK_SETUP holds, as JSON, the URLs, the CA file, the keys and what the account contains; see
sandbox/tests/suite/sdk.rs, which starts the sandbox and runs this program.
"""

import contextlib
import json
import os
import unittest
from unittest import mock

from alibabacloud_cs20151215 import models as cs_models
from alibabacloud_cs20151215.client import Client as CsClient
from alibabacloud_ims20190815 import models as ims_models
from alibabacloud_ims20190815.client import Client as ImsClient
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi import utils_models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from darabonba.core import DaraCore
from darabonba.runtime import RuntimeOptions

SETUP = json.loads(os.environ["ACKCRED_SDK_SETUP"])


def client(kind, url, key="full", token=None):
    """A client of one product at one URL, with one of the keys of the setup or with a key given as a triple."""
    identifier, secret = SETUP["keys"][key] if isinstance(key, str) else key
    return kind(
        utils_models.Config(
            access_key_id=identifier,
            access_key_secret=secret,
            security_token=token,
            protocol="HTTPS",
            endpoint=SETUP["urls"][url].removeprefix("https://"),
            region_id=SETUP["region"],
            ca=SETUP["ca"],
        )
    )


def options():
    return RuntimeOptions(ca=SETUP["ca"], autoretry=False, read_timeout=10_000, connect_timeout=5_000)


@contextlib.contextmanager
def sending(change):
    """Lets `change` have the signed request, and the function that sends it, in place of the SDK's own sending."""
    send = DaraCore.do_action
    with mock.patch.object(DaraCore, "do_action", lambda request, *rest: change(request, lambda: send(request, *rest))):
        yield


class Sdk(unittest.TestCase):
    def refused(self, code, status, call, *arguments):
        with self.assertRaises(AlibabaCloudException) as caught:
            call(*arguments)
        self.assertEqual((caught.exception.code, caught.exception.status_code), (code, status))
        self.assertTrue(caught.exception.request_id, "the SDK found no request ID")
        return caught.exception


class Sts(Sdk):
    def setUp(self):
        self.sts = client(StsClient, "sts")

    def test_get_caller_identity(self):
        body = self.sts.get_caller_identity_with_options(options()).body
        self.assertEqual((body.identity_type, body.account_id, body.user_id), ("RAMUser", SETUP["account"], SETUP["caller"]))
        self.assertEqual(body.arn, f"acs:ram::{SETUP['account']}:user/operator")
        self.assertTrue(body.request_id)

    def test_assume_role_opens_a_session_that_works(self):
        request = sts_models.AssumeRoleRequest(
            role_arn=SETUP["role"]["arn"], role_session_name="sdk-session", duration_seconds=900, external_id="a b/c+d=é~*"
        )
        body = self.sts.assume_role_with_options(request, options()).body
        self.assertEqual(body.assumed_role_user.assumed_role_id, f"{SETUP['role']['id']}:sdk-session")
        self.assert_session_of_the_role(body.credentials)

    def test_assume_role_with_oidc_needs_no_signature(self):
        oidc = SETUP["oidc"]
        request = sts_models.AssumeRoleWithOIDCRequest(
            role_arn=SETUP["role"]["arn"],
            oidcprovider_arn=oidc["provider"],
            oidctoken=oidc["token"],
            role_session_name="sdk-session",
        )
        body = self.sts.assume_role_with_oidcwith_options(request, options()).body
        self.assertEqual(body.oidctoken_info.verification_info, "Success")
        self.assert_session_of_the_role(body.credentials)
        request.oidctoken = "another"
        self.refused(
            "AuthenticationFail.OIDCToken.Invalid", 400, self.sts.assume_role_with_oidcwith_options, request, options()
        )

    def assert_session_of_the_role(self, credentials):
        pair = (credentials.access_key_id, credentials.access_key_secret)
        session = client(StsClient, "sts", pair, credentials.security_token)
        body = session.get_caller_identity_with_options(options()).body
        self.assertEqual((body.identity_type, body.role_id), ("AssumedRoleUser", SETUP["role"]["id"]))
        self.assertIsNone(body.user_id)
        clusters = client(CsClient, "cs", pair, credentials.security_token)
        body = clusters.describe_clusters_v1with_options(cs_models.DescribeClustersV1Request(), {}, options()).body
        self.assertEqual(body.page_info.total_count, 2)
        broken = client(StsClient, "sts", pair, credentials.security_token + "x")
        self.refused(
            "InvalidSecurityToken.MismatchWithAccessKey", 400, broken.get_caller_identity_with_options, options()
        )


class Ram(Sdk):
    def setUp(self):
        self.ram = client(RamClient, "ram")

    def pages(self, call, request, rows):
        while True:
            body = call(request, options()).body
            yield from rows(body)
            if not body.is_truncated:
                return
            request.marker = body.marker

    def test_list_users_leads_through_all_pages(self):
        request = ram_models.ListUsersRequest(max_items=700)
        users = list(self.pages(self.ram.list_users_with_options, request, lambda body: body.users.user))
        self.assertEqual((len(users), len({user.user_id for user in users})), (SETUP["users"], SETUP["users"]))
        self.assertIn("user-0001", {user.user_name for user in users})

    def test_list_roles_leads_through_all_pages(self):
        request = ram_models.ListRolesRequest()
        roles = list(self.pages(self.ram.list_roles_with_options, request, lambda body: body.roles.role))
        self.assertEqual(len({role.role_id for role in roles}), SETUP["roles"])
        self.assertIn(SETUP["role"]["arn"], {role.arn for role in roles})

    def test_limits_are_refused(self):
        request = ram_models.ListUsersRequest(max_items=1001)
        self.refused("InvalidParameter.MaxItems", 400, self.ram.list_users_with_options, request, options())

    def test_a_missing_permission_is_named(self):
        poor = client(RamClient, "ram", "poor")
        error = self.refused("NoPermission", 403, poor.list_users_with_options, ram_models.ListUsersRequest(), options())
        self.assertEqual(error.data["AccessDeniedDetail"]["AuthAction"], "ram:ListUsers")


class Ims(Sdk):
    def setUp(self):
        self.ims = client(ImsClient, "ims")

    def test_get_user(self):
        request = ims_models.GetUserRequest(user_id=SETUP["caller"])
        user = self.ims.get_user_with_options(request, options()).body.user
        self.assertEqual((user.user_name, user.user_principal_name), ("operator", "operator@acme.onaliyun.com"))
        self.refused(
            "EntityNotExist.User", 404, self.ims.get_user_with_options, ims_models.GetUserRequest(user_id="1"), options()
        )

    def test_list_user_basic_infos_by_status(self):
        def statuses(status):
            request = ims_models.ListUserBasicInfosRequest(max_items=1000, status=status)
            users = self.ims.list_user_basic_infos_with_options(request, options()).body.user_basic_infos.user_basic_info
            return {user.status for user in users}

        self.assertEqual(statuses(None), {"active"})
        self.assertEqual(statuses("freeze"), {"freeze"})
        self.assertEqual(statuses("active,freeze"), {"active", "freeze"})

    def test_list_users_in_recycle_bin(self):
        request = ims_models.ListUsersInRecycleBinRequest(max_items=100)
        body = self.ims.list_users_in_recycle_bin_with_options(request, options()).body
        self.assertEqual([user.user_principal_name for user in body.users.user], ["carol@acme.onaliyun.com"])
        self.assertTrue(body.users.user[0].delete_date > body.users.user[0].recycle_date)

    def test_get_user_in_recycle_bin(self):
        def get(uid):
            request = ims_models.GetUserInRecycleBinRequest(user_id=uid)
            return self.ims.get_user_in_recycle_bin_with_options(request, options()).body.user

        user = get(SETUP["recycled"])
        self.assertEqual((user.user_id, user.user_principal_name), (SETUP["recycled"], "carol@acme.onaliyun.com"))
        self.assertTrue(user.delete_date > user.recycle_date)
        with self.assertRaises(AlibabaCloudException) as caught:
            get(SETUP["caller"])
        self.assertEqual(caught.exception.status_code, 404)


class Cs(Sdk):
    def setUp(self):
        self.cs = client(CsClient, "cs")
        self.regional = client(CsClient, "cs_region")
        self.cluster = SETUP["cluster"]

    def states(self, cs=None):
        request = cs_models.ListClusterKubeconfigStatesRequest(
            cloud_service_kube_config=False, page_number=1, page_size=50
        )
        rows, cs = [], cs or self.regional
        while True:
            body = cs.list_cluster_kubeconfig_states_with_options(self.cluster, request, {}, options()).body
            rows += body.states
            if len(rows) >= body.page.total_count:
                return rows
            request.page_number += 1

    def test_describe_clusters_v1(self):
        request = cs_models.DescribeClustersV1Request(name="", page_number=1, page_size=50)
        body = self.cs.describe_clusters_v1with_options(request, {}, options()).body
        self.assertEqual({cluster.name for cluster in body.clusters}, {"prod", "test"})
        self.assertEqual((body.page_info.page_size, body.page_info.total_count), (50, 2))

    def test_describe_clusters_for_region(self):
        request = cs_models.DescribeClustersForRegionRequest(page_number=1, page_size=50)
        body = self.regional.describe_clusters_for_region_with_options(SETUP["region"], request, {}, options()).body
        self.assertEqual([cluster.cluster_id for cluster in body.clusters], [self.cluster])

    def test_describe_regions(self):
        body = self.cs.describe_regions_with_options(cs_models.DescribeRegionsRequest(), {}, options()).body
        self.assertIn(SETUP["region"], {region.region_id for region in body.regions})
        self.assertTrue(body.request_id)

    def test_get_cluster_audit_project(self):
        body = self.regional.get_cluster_audit_project_with_options(self.cluster, {}, options()).body
        self.assertEqual((body.audit_enabled, body.sls_project_name), (True, f"k8s-log-{self.cluster}\n"))

    def test_describe_cluster_detail(self):
        body = self.regional.describe_cluster_detail_with_options(self.cluster, {}, options()).body
        self.assertEqual((body.name, body.region_id, body.state), ("prod", SETUP["region"], "running"))
        self.assertEqual(json.loads(body.master_url)["api_server_endpoint"], "https://203.0.113.7:6443")

    def test_a_cluster_is_not_found_from_the_wrong_region(self):
        elsewhere = client(CsClient, "cs_elsewhere")
        self.refused(
            "ErrorClusterNotFound", 404, elsewhere.describe_cluster_detail_with_options, self.cluster, {}, options()
        )

    def test_list_cluster_kubeconfig_states_leads_through_all_pages(self):
        # One of the identities is cleaned by another test.
        rows = {row.account_id: row for row in self.states() if row.account_id != SETUP["active"]}
        self.assertEqual(len(rows), SETUP["kubeconfigs"])
        leaver = rows[SETUP["leaver"]]
        self.assertEqual((leaver.account_state, leaver.account_type), ("Deleted", "RamUser"))
        self.assertEqual((leaver.cert_state, leaver.revokable), ("Unexpired", True))

    def test_list_user_kube_config_states(self):
        request = cs_models.ListUserKubeConfigStatesRequest(page_number=1, page_size=100)
        body = self.cs.list_user_kube_config_states_with_options(SETUP["leaver"], request, {}, options()).body
        states = {state.cluster_name: (state.cert_state, state.cluster_state) for state in body.states}
        self.assertEqual(states, {"prod": ("Unexpired", "running"), "test": ("Unissued", "running")})

    def test_describe_user_permission(self):
        body = self.cs.describe_user_permission_with_options(SETUP["leaver"], {}, options()).body
        self.assertEqual([(row.resource_id, row.resource_type, row.role_type) for row in body], [
            (f"{self.cluster}/default", "namespace", "dev"),
        ])
        self.assertEqual((body[0].is_owner, body[0].is_ram_role), (0, 0))

    def test_describe_user_cluster_activity_state(self):
        """The SDK has no function for it, but calls it like any other."""
        path = f"/clusters/{self.cluster}/users/{SETUP['active']}/activity-state"
        params = utils_models.Params(
            action="DescribeUserClusterActivityState", version="2015-12-15", protocol="HTTPS", pathname=path,
            method="GET", auth_type="AK", style="ROA", req_body_type="json", body_type="json",
        )
        body = self.regional.call_api(params, utils_models.OpenApiRequest(headers={}), options())["body"]
        self.assertEqual((body["active"], body["last_audit_id"]), (True, "audit-7"))
        self.assertEqual(body["log_project_name"], f"k8s-log-{self.cluster}")

    def test_describe_cluster_user_kubeconfig(self):
        request = cs_models.DescribeClusterUserKubeconfigRequest(private_ip_address=True, temporary_duration_minutes=15)
        body = self.regional.describe_cluster_user_kubeconfig_with_options(self.cluster, request, {}, options()).body
        self.assertEqual(body.config, f"{self.cluster} {SETUP['caller']} True 15")
        self.assertRegex(body.expiration, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_clean_cluster_user_permissions(self):
        def clean(uid, force=None):
            request = cs_models.CleanClusterUserPermissionsRequest(force=force)
            return self.regional.clean_cluster_user_permissions_with_options(self.cluster, uid, request, {}, options())

        active = SETUP["active"]
        self.refused("ErrorAccessRecordsExist", 400, clean, active)
        self.refused("ErrorAccessRecordsExist", 400, clean, active, False)
        for untouchable in (SETUP["account"], SETUP["caller"]):
            self.refused("ErrorCleanPermissionsForbidden", 403, clean, untouchable, True)
        self.assertIn(active, {row.account_id for row in self.states()})
        self.assertEqual(clean(active, True).status_code, 200)
        self.assertNotIn(active, {row.account_id for row in self.states()})

    def test_revoke_k8s_cluster_kube_config(self):
        def revoke(caller):
            return caller.revoke_k8s_cluster_kube_config_with_options(self.cluster, {}, options())

        error = self.refused("StatusForbidden", 403, revoke, client(CsClient, "cs_region", "poor"))
        self.assertIn("cs:RevokeK8sClusterKubeConfig", error.message)
        self.assertEqual(revoke(self.regional).status_code, 200)

    def test_describe_task_info(self):
        body = self.regional.describe_task_info_with_options(SETUP["task"], {}, options()).body
        self.assertEqual((body.state, body.cluster_id, body.error.code), ("fail", self.cluster, "ErrorExample"))

    def test_a_missing_permission_is_named(self):
        poor = client(CsClient, "cs_region", "poor")
        error = self.refused("StatusForbidden", 403, self.states, poor)
        self.assertIn("cs:ListClusterKubeconfigStates", error.message)
        self.assertEqual(error.access_denied_detail["AuthAction"], "cs:ListClusterKubeconfigStates")
        request = cs_models.DescribeClustersV1Request()
        error = self.refused("StatusForbidden", 403, poor.describe_clusters_v1with_options, request, {}, options())
        self.assertIn("RAM policy Forbidden for action cs:GetClusters", error.message)


class Tampered(Sdk):
    """A signed request that is changed on its way."""

    def tampered(self, change):
        def send_changed(request, send):
            change(request)
            return send()

        with sending(send_changed):
            request = ram_models.ListUsersRequest(max_items=10)
            return client(RamClient, "ram").list_users_with_options(request, options())

    def test_untouched_it_is_accepted(self):
        self.assertEqual(self.tampered(lambda request: None).status_code, 200)

    def test_changes_are_refused(self):
        def parameter(request):
            request.query["MaxItems"] = "11"

        def added_parameter(request):
            request.query["Marker"] = "x"

        def action(request):
            request.headers["x-acs-action"] = "ListRoles"

        def token(request):
            request.headers["x-acs-security-token"] = "CAISx"

        def added_header(request):
            request.headers["x-acs-trace"] = "x"

        def signature(request):
            header = request.headers["Authorization"]
            request.headers["Authorization"] = header[:-1] + ("0" if header[-1] != "0" else "1")

        for change, code in [
            (parameter, "SignatureDoesNotMatch"),
            (added_parameter, "SignatureDoesNotMatch"),
            (action, "SignatureDoesNotMatch"),
            (token, "IncompleteSignature"),
            (added_header, "IncompleteSignature"),
            (signature, "SignatureDoesNotMatch"),
        ]:
            with self.subTest(change.__name__):
                self.refused(code, 400, self.tampered, change)

    def test_the_same_request_is_not_accepted_twice(self):
        def twice(_, send):
            send()
            return send()

        with sending(twice):
            ram = client(RamClient, "ram")
            self.refused("SignatureNonceUsed", 400, ram.list_users_with_options, ram_models.ListUsersRequest(), options())

    def test_wrong_and_unknown_keys_are_told_apart(self):
        identifier, secret = SETUP["keys"]["full"]
        wrong = client(StsClient, "sts", (identifier, secret + "x"))
        error = self.refused("SignatureDoesNotMatch", 400, wrong.get_caller_identity_with_options, options())
        self.assertIn("server CanonicalRequest is [POST\n/\n", error.message)
        unknown = client(StsClient, "sts", ("LTAInobody", secret))
        self.refused("InvalidAccessKeyId.NotFound", 404, unknown.get_caller_identity_with_options, options())


if __name__ == "__main__":
    unittest.main(verbosity=2)
