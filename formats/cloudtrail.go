// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"

	"github.com/sekisho/sekisho/event"
)

var cloudTrail = Format{
	Name:   "aws-cloudtrail",
	Also:   []string{"cloudtrail", "aws"},
	Source: "cloud-audit",
	About: About{
		What: "AWS CloudTrail: the files of a trail (Records), events of the lookup-events call and of EventBridge (detail), and exports of CloudTrail Lake, management and data events, record versions 1.0 to 1.11.",
		Export: "A trail for all regions, with files to an S3 bucket: aws s3 sync s3://BUCKET/AWSLogs/ACCOUNT/CloudTrail . Without a trail: aws cloudtrail lookup-events, which goes 90 days back and has management events only. " +
			"Reads and writes of S3 objects are data events, off by default: switch them on for the buckets that matter. Logins to the console are written in the region of the sign-in page: take all regions.",
		Takes:  "Logins to the console and what became of them, roles taken and tokens given, who did what to which resource from where and with what, refusals, changes of users, keys, policies and of the trail itself; S3 objects read, written and deleted.",
		Leaves: "Request parameters and answers beyond the name of the thing. A user who does not exist is not named (HIDDEN_DUE_TO_SECURITY_REASONS): such attempts have no account. What happens within a machine is not in CloudTrail. Files come 5 to 15 minutes late.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"eventName", "eventname"},
	Sniff:   sniffCloudTrail,
	New: func(env *Env) Parser {
		p := &cloudTrailParser{jsonFields: newJSONFields(env, cloudTrailPaths[:]...)}
		p.through = []string{"detail", "eventdata"}
		return p
	},
}

const (
	ctTime = iota
	ctSource
	ctName
	ctType
	ctIP
	ctAgent
	ctError
	ctMessage
	ctID
	ctRequest
	ctRegion
	ctAccountID
	ctReadOnly
	ctUserType
	ctUser
	ctARN
	ctPrincipal
	ctUserAccount
	ctKey
	ctInvokedBy
	ctIssuer
	ctMFA
	ctOnBehalf
	ctConsole
	ctMFAUsed
	ctLoginTo
	ctBytesIn
	ctBytesOut
	ctTargetUser
	ctRole
	ctBucket
	ctObjectKey
	ctThing
	ctResource
	ctSession
	ctPolicy
	ctAddedUser
	ctSAML
	ctEndpoint
	ctFields
)

var cloudTrailPaths = [ctFields]string{
	ctTime: "eventTime", ctSource: "eventSource", ctName: "eventName", ctType: "eventType", ctIP: "sourceIPAddress", ctAgent: "userAgent",
	ctError: "errorCode", ctMessage: "errorMessage", ctID: "eventID", ctRequest: "requestID", ctRegion: "awsRegion", ctAccountID: "recipientAccountId",
	ctReadOnly: "readOnly", ctUserType: "userIdentity.type", ctUser: "userIdentity.userName", ctARN: "userIdentity.arn", ctPrincipal: "userIdentity.principalId",
	ctUserAccount: "userIdentity.accountId", ctKey: "userIdentity.accessKeyId", ctInvokedBy: "userIdentity.invokedBy",
	ctIssuer: "userIdentity.sessionContext.sessionIssuer.userName", ctMFA: "userIdentity.sessionContext.attributes.mfaAuthenticated",
	ctOnBehalf: "userIdentity.onBehalfOf.userId", ctConsole: "responseElements.ConsoleLogin|responseElements.CheckMfa|responseElements.SwitchRole|serviceEventDetails.UserAuthentication|serviceEventDetails.CredentialVerification|responseElements.PasswordRecoveryRequested|responseElements.GetSigninToken",
	ctMFAUsed: "additionalEventData.MFAUsed", ctLoginTo: "additionalEventData.LoginTo", ctBytesIn: "additionalEventData.bytesTransferredIn", ctBytesOut: "additionalEventData.bytesTransferredOut",
	ctTargetUser: "requestParameters.userName", ctRole: "requestParameters.roleArn|requestParameters.roleName|additionalEventData.SwitchTo",
	ctBucket: "requestParameters.bucketName", ctObjectKey: "requestParameters.key",
	ctThing:    "requestParameters.name|requestParameters.trailName|requestParameters.instanceId|requestParameters.groupId|requestParameters.groupName|requestParameters.secretId|requestParameters.functionName|requestParameters.dBInstanceIdentifier|requestParameters.keyId|requestParameters.policyName|requestParameters.logGroupName|requestParameters.detectorId|requestParameters.instancesSet.items.instanceId",
	ctResource: "resources.ARN", ctSession: "requestParameters.roleSessionName", ctPolicy: "requestParameters.policyArn", ctAddedUser: "responseElements.user.userName",
	ctSAML: "requestParameters.principalArn", ctEndpoint: "vpcEndpointId",
}

var cloudTrailRest = [...]restField{{"region", ctRegion}, {"account_id", ctAccountID}, {"user_type", ctUserType}, {"arn", ctARN}, {"access_key", ctKey}, {"invoked_by", ctInvokedBy},
	{"issuer", ctIssuer}, {"on_behalf_of", ctOnBehalf}, {"mfa_session", ctMFA}, {"mfa_used", ctMFAUsed}, {"login_to", ctLoginTo}, {"role", ctRole}, {"session_name", ctSession}, {"saml", ctSAML},
	{"policy", ctPolicy}, {"resource", ctResource}, {"event_type", ctType}, {"read_only", ctReadOnly}, {"vpc_endpoint", ctEndpoint}}

type cloudTrailParser struct{ jsonFields }

func (p *cloudTrailParser) Flush(*event.Batch) {}

func (p *cloudTrailParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if sniffCloudTrail(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if !p.has(ctName) || !p.has(ctSource) {
		return ErrOtherFormat
	}
	when, ok := p.time(ctTime)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	name := p.str(ctName)
	ev.Service = strings.TrimSuffix(p.str(ctSource), ".amazonaws.com")
	ev.Class, ev.Activity = cloudTrailKind(ev.Service, name)
	ev.Client = p.str(ctAgent)
	if p.source(ev, ctIP); !ev.SrcIP.IsValid() {
		ev.SrcHost = p.str(ctIP) // a service that acts for somebody
	}
	p.who(ev)
	p.what(ev)
	p.ending(ev, name)
	var r remainder
	id := p.own(ctID)
	ev.Unique = id != ""
	r.text("id", id)
	r.text("action", name)
	r.text("error", p.str(ctError))
	r.text("message", clip(p.str(ctMessage), 256))
	r.fields(&p.jsonFields, ev, cloudTrailRest[:])
	ev.Rest = r.rest(out)
	return nil
}

// who sets the account: a user by name, somebody in a role by role and session as the ARN ends, the root user as root.
func (p *cloudTrailParser) who(ev *event.Event) {
	const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
	ev.Account = p.str(ctUser)
	switch arn := p.str(ctARN); {
	case ev.Account == hidden:
		ev.Account = ""
	case ev.Account != "":
	case p.f[ctUserType].is("Root"):
		ev.Account = "root"
	case strings.Contains(arn, ":assumed-role/"):
		ev.Account = arn[strings.Index(arn, ":assumed-role/")+len(":assumed-role/"):]
	case arn != "":
		ev.Account = arn[strings.LastIndexByte(arn, '/')+1:]
	default:
		ev.Account = p.first(ctOnBehalf, ctInvokedBy, ctPrincipal, ctUserAccount)
	}
	switch {
	case ev.Class == event.ClassAccountChange:
		ev.Target = p.first(ctTargetUser, ctAddedUser, ctRole)
	case ev.Activity == event.ActTicket, ev.Activity == event.ActElevate:
		ev.Target = p.str(ctRole)
	}
	if ev.Target == ev.Account {
		ev.Target = ""
	}
}

// what sets the thing that it was done to.
func (p *cloudTrailParser) what(ev *event.Event) {
	bucket := p.f[ctBucket]
	switch {
	case !bucket.empty():
		p.list = append(append(p.list[:0], "s3://"...), bucket.text(&p.buf)...)
		if !p.f[ctObjectKey].empty() {
			p.list = append(append(p.list, '/'), p.bytes(ctObjectKey)...)
		}
		ev.Object = p.env.Intern.Bytes(p.list)
	case ev.Class == event.ClassAuthentication:
	default:
		ev.Object = p.first(ctThing, ctPolicy, ctResource)
	}
	if n, ok := p.f[ctBytesOut].int(); ok && n >= 0 && (n > 0 || ev.Activity == event.ActDownload) { // out of AWS
		ev.BytesIn = event.Some(n)
	}
	if n, ok := p.f[ctBytesIn].int(); ok && n > 0 {
		ev.BytesOut = event.Some(n)
	}
}

func (p *cloudTrailParser) ending(ev *event.Event, name string) {
	ev.Outcome = event.OutcomeSuccess
	code, message := p.bytes(ctError), p.f[ctMessage]
	if len(code) > 0 || !message.empty() && ev.Class == event.ClassAuthentication {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	switch {
	case has(code, "AccessDenied"), has(code, "Unauthorized"), has(code, "NotAuthorized"), has(code, "Forbidden"):
		ev.Reason = event.ReasonDenied
	case has(code, "ExpiredToken"), has(code, "TokenRefreshRequired"):
		ev.Reason = event.ReasonExpired
	case has(code, "InvalidClientTokenId"), has(code, "SignatureDoesNotMatch"), has(code, "AuthFailure"):
		ev.Reason = event.ReasonBadCredentials
	case has(code, "Throttl"), has(code, "Unavailable"), has(code, "InternalFailure"), has(code, "RequestLimitExceeded"):
		ev.Reason = event.ReasonUnavailable
	}
	word := p.f[ctConsole]
	if ev.Class != event.ClassAuthentication || word.empty() {
		return
	}
	if word.is("Success") {
		ev.Outcome, ev.Reason = event.OutcomeSuccess, event.ReasonNone
		return
	}
	if !word.is("Failure") {
		return
	}
	ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadPassword // who does not exist is not named
	text := message.text(&p.buf)
	switch {
	case name == "CheckMfa", has(text, "MFA"), has(text, "multi-factor"):
		ev.Reason = event.ReasonSecondFactorFailed
	case has(text, "No username found"), p.f[ctUser].is("HIDDEN_DUE_TO_SECURITY_REASONS"):
		ev.Reason = event.ReasonNoSuchAccount
	case ev.Account == "":
		ev.Reason = event.ReasonBadCredentials
	}
}

// cloudTrailActions names what matters to an investigation, as SERVICE:ACTION. What is not named is told by its verb.
var cloudTrailActions = [...]actionRow{
	{"s3:GetObject*", event.ClassFile, event.ActDownload}, {"s3:PutObject", event.ClassFile, event.ActUpload}, {"s3:CompleteMultipartUpload", event.ClassFile, event.ActUpload},
	{"s3:DeleteObject*", event.ClassFile, event.ActDelete}, {"s3:CopyObject", event.ClassFile, event.ActCopy}, {"s3:ListObjects*", event.ClassFile, event.ActList},
	{"s3:ListBuckets", event.ClassFile, event.ActList}, {"s3:HeadObject", event.ClassFile, event.ActRead}, {"s3:PutBucketLogging", event.ClassLogAdmin, event.ActChange},
	{"signin:ConsoleLogin", event.ClassAuthentication, event.ActLogon}, {"signin:CheckMfa", event.ClassAuthentication, event.ActOther}, {"signin:SwitchRole", event.ClassAuthentication, event.ActElevate},
	{"signin:ExitRole", event.ClassAuthentication, event.ActLogoff}, {"signin:GetSigninToken", event.ClassAuthentication, event.ActTicket}, {"signin:PasswordRecovery*", event.ClassAccountChange, event.ActReset},
	{"signin:CredentialVerification", event.ClassAuthentication, event.ActOther}, {"signin:CredentialChallenge", event.ClassAuthentication, event.ActOther},
	{"signin:UserAuthentication", event.ClassAuthentication, event.ActLogon}, {"signin:*", event.ClassAuthentication, event.ActOther},
	{"sts:AssumeRole*", event.ClassAuthentication, event.ActTicket}, {"sts:GetSessionToken", event.ClassAuthentication, event.ActTicket}, {"sts:GetFederationToken", event.ClassAuthentication, event.ActTicket},
	{"sso:Authenticate", event.ClassAuthentication, event.ActLogon}, {"sso:Federate", event.ClassAuthentication, event.ActTicket}, {"sso:Logout", event.ClassAuthentication, event.ActLogoff},
	{"sso:CreateToken*", event.ClassAuthentication, event.ActTicket}, {"sso-oauth:CreateToken*", event.ClassAuthentication, event.ActTicket},
	{"cloudtrail:StopLogging", event.ClassLogAdmin, event.ActStop}, {"cloudtrail:StartLogging", event.ClassLogAdmin, event.ActStart}, {"cloudtrail:DeleteTrail", event.ClassLogAdmin, event.ActDelete},
	{"cloudtrail:UpdateTrail", event.ClassLogAdmin, event.ActChange}, {"cloudtrail:PutEventSelectors", event.ClassLogAdmin, event.ActChange}, {"cloudtrail:CreateTrail", event.ClassLogAdmin, event.ActCreate},
	{"ec2:DeleteFlowLogs", event.ClassLogAdmin, event.ActDelete}, {"logs:DeleteLog*", event.ClassLogAdmin, event.ActDelete}, {"guardduty:DeleteDetector", event.ClassLogAdmin, event.ActDelete},
	{"config:StopConfigurationRecorder", event.ClassLogAdmin, event.ActStop}, {"config:DeleteConfigurationRecorder", event.ClassLogAdmin, event.ActDelete},
	{"securityhub:DisableSecurityHub", event.ClassLogAdmin, event.ActDisable}, {"macie2:Disable*", event.ClassLogAdmin, event.ActDisable}, {"route53resolver:DeleteResolverQueryLogConfig", event.ClassLogAdmin, event.ActDelete},
	{"bedrock:DeleteModelInvocationLoggingConfiguration", event.ClassLogAdmin, event.ActDelete},
	{"iam:CreateUser", event.ClassAccountChange, event.ActCreate}, {"iam:DeleteUser", event.ClassAccountChange, event.ActDelete}, {"iam:UpdateUser", event.ClassAccountChange, event.ActChange},
	{"iam:CreateAccessKey", event.ClassAccountChange, event.ActReset}, {"iam:DeleteAccessKey", event.ClassAccountChange, event.ActRelease}, {"iam:UpdateAccessKey", event.ClassAccountChange, event.ActChange},
	{"iam:CreateLoginProfile", event.ClassAccountChange, event.ActReset}, {"iam:UpdateLoginProfile", event.ClassAccountChange, event.ActReset}, {"iam:DeleteLoginProfile", event.ClassAccountChange, event.ActDisable},
	{"iam:ChangePassword", event.ClassAccountChange, event.ActReset}, {"iam:DeactivateMFADevice", event.ClassAccountChange, event.ActReset}, {"iam:EnableMFADevice", event.ClassAccountChange, event.ActReset},
	{"iam:DeleteVirtualMFADevice", event.ClassAccountChange, event.ActReset}, {"iam:AddUserToGroup", event.ClassAccountChange, event.ActAssign}, {"iam:RemoveUserFromGroup", event.ClassAccountChange, event.ActRelease},
	{"iam:AttachUserPolicy", event.ClassAccountChange, event.ActAssign}, {"iam:AttachRolePolicy", event.ClassAccountChange, event.ActAssign},
	{"iam:AttachGroupPolicy", event.ClassAccountChange, event.ActAssign}, {"iam:PutUserPolicy", event.ClassAccountChange, event.ActAssign}, {"iam:PutRolePolicy", event.ClassAccountChange, event.ActAssign},
	{"iam:PutGroupPolicy", event.ClassAccountChange, event.ActAssign}, {"iam:Detach*", event.ClassAccountChange, event.ActRelease}, {"iam:UpdateAssumeRolePolicy", event.ClassAccountChange, event.ActChange},
	{"iam:CreateRole", event.ClassAccountChange, event.ActCreate}, {"iam:DeleteRole", event.ClassAccountChange, event.ActDelete},
	{"ssm:SendCommand", event.ClassProcess, event.ActStart}, {"ssm:StartSession", event.ClassRemoteSession, event.ActStart}, {"ssm:TerminateSession", event.ClassRemoteSession, event.ActStop},
	{"ec2-instance-connect:Send*", event.ClassRemoteSession, event.ActStart}, {"secretsmanager:GetSecretValue", event.ClassFile, event.ActRead},
	{"secretsmanager:BatchGetSecretValue", event.ClassFile, event.ActRead}, {"ec2:GetPasswordData", event.ClassFile, event.ActRead},
}

func cloudTrailKind(service, name string) (event.Class, event.Activity) {
	if c, a, ok := actionOf(cloudTrailActions[:], service+":"+name); ok {
		return c, a
	}
	c, a, _ := actionOf(cloudVerbs[:], name)
	return c, a
}

// cloudVerbs tells what an action of an interface does by the verb that its name begins with.
var cloudVerbs = [...]actionRow{
	{"Describe*", event.ClassOther, event.ActRead}, {"Get*", event.ClassOther, event.ActRead}, {"List*", event.ClassOther, event.ActList}, {"Lookup*", event.ClassOther, event.ActRead},
	{"Head*", event.ClassOther, event.ActRead}, {"Search*", event.ClassOther, event.ActSearch}, {"Select*", event.ClassOther, event.ActRead}, {"Check*", event.ClassOther, event.ActRead},
	{"Create*", event.ClassEntityChange, event.ActCreate}, {"Run*", event.ClassEntityChange, event.ActStart}, {"Start*", event.ClassEntityChange, event.ActStart}, {"Stop*", event.ClassEntityChange, event.ActStop},
	{"Terminate*", event.ClassEntityChange, event.ActDelete}, {"Delete*", event.ClassEntityChange, event.ActDelete}, {"Remove*", event.ClassEntityChange, event.ActDelete}, {"Purge*", event.ClassEntityChange, event.ActDelete},
	{"Enable*", event.ClassEntityChange, event.ActEnable}, {"Disable*", event.ClassEntityChange, event.ActDisable}, {"Copy*", event.ClassEntityChange, event.ActCopy}, {"Share*", event.ClassEntityChange, event.ActShare},
	{"Add*", event.ClassEntityChange, event.ActChange}, {"Attach*", event.ClassEntityChange, event.ActChange}, {"Authorize*", event.ClassEntityChange, event.ActChange}, {"Associate*", event.ClassEntityChange, event.ActChange},
	{"Detach*", event.ClassEntityChange, event.ActChange}, {"Disassociate*", event.ClassEntityChange, event.ActChange}, {"Modify*", event.ClassEntityChange, event.ActChange}, {"Put*", event.ClassEntityChange, event.ActChange},
	{"Register*", event.ClassEntityChange, event.ActCreate}, {"Replace*", event.ClassEntityChange, event.ActChange}, {"Reset*", event.ClassEntityChange, event.ActReset}, {"Revoke*", event.ClassEntityChange, event.ActChange},
	{"Set*", event.ClassEntityChange, event.ActChange}, {"Update*", event.ClassEntityChange, event.ActChange}, {"Restore*", event.ClassEntityChange, event.ActCreate}, {"Tag*", event.ClassEntityChange, event.ActChange},
}

// sniffCloudTrail says how surely a record is one of CloudTrail.
func sniffCloudTrail(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil {
		return 0
	}
	b = b[:min(len(b), 32<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`"eventSource"`) && has(`"eventName"`) && (has(`"userIdentity"`) || has(`"awsRegion"`) || has(`.amazonaws.com`)):
		return 0.97
	case has(`"eventsource"`) && has(`"eventname"`) && has(`.amazonaws.com"`):
		return 0.9
	}
	return 0
}
