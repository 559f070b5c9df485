// judge says of client certificates with their keys what kubectl and kube-apiserver make of them, which is what Go's crypto/tls
// and crypto/x509 do. It reads one JSON object a line, {"certificate": PEM, "key": PEM}, both in base64, and answers each by one line.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

const patience = 30 * time.Second

type question struct {
	Certificate []byte `json:"certificate"`
	Key         []byte `json:"key"`
}

type answer struct {
	// Why kubectl doesn't load the pair.
	Kubectl string `json:"kubectl,omitempty"`
	// Why no connection comes about.
	Handshake string `json:"handshake,omitempty"`
	// Why an API server doesn't take it as anybody's.
	Server string `json:"server,omitempty"`

	CommonName    string   `json:"commonName"`
	Organizations []string `json:"organizations"`
	Serial        string   `json:"serial"`
	NotBefore     int64    `json:"notBefore"`
	NotAfter      int64    `json:"notAfter"`
}

func main() {
	server := serverCertificate()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		if err := answers.Encode(judge(q, server)); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func judge(q question, server tls.Certificate) answer {
	pair, err := tls.X509KeyPair(q.Certificate, q.Key)
	if err != nil {
		return answer{Kubectl: err.Error()}
	}
	a := answer{
		CommonName:    pair.Leaf.Subject.CommonName,
		Organizations: pair.Leaf.Subject.Organization,
		Serial:        pair.Leaf.SerialNumber.Text(16),
		NotBefore:     pair.Leaf.NotBefore.Unix(),
		NotAfter:      pair.Leaf.NotAfter.Unix(),
	}
	chain, err := handshake(pair, server)
	if err != nil {
		a.Handshake = err.Error()
		return a
	}
	if err := authenticate(chain); err != nil {
		a.Server = err.Error()
	}
	return a
}

// handshake shows the pair to a server that asks for a certificate and checks none, as kube-apiserver does.
func handshake(pair tls.Certificate, server tls.Certificate) ([]*x509.Certificate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	failed := make(chan error, 1)
	go func() { failed <- present(pair, listener.Addr().String()) }()
	raw, err := listener.Accept()
	if err != nil {
		panic(err)
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	accepted := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequestClientCert})
	err = accepted.Handshake()
	if err == nil {
		_, err = accepted.Write([]byte{1})
	}
	if err != nil {
		raw.Close()
		return nil, fmt.Errorf("%w (client: %v)", err, <-failed)
	}
	return accepted.ConnectionState().PeerCertificates, <-failed
}

// present connects with the pair, as client-go does, whatever the server asks for.
func present(pair tls.Certificate, address string) error {
	choose := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	dialer := net.Dialer{Timeout: patience}
	client, err := tls.DialWithDialer(&dialer, "tcp", address, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: choose})
	if err != nil {
		return err
	}
	defer client.Close()
	client.SetDeadline(time.Now().Add(patience))
	_, err = client.Read(make([]byte, 1))
	return err
}

// authenticate is k8s.io/apiserver/pkg/authentication/request/x509 for a leaf whose issuer is trusted. The leaf's dates are
// not judged, and its signature's algorithm is, but not its signature.
func authenticate(chain []*x509.Certificate) error {
	leaf := chain[0]
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	now := leaf.NotBefore
	if leaf.NotAfter.Before(now) {
		// No time would do.
		now = time.Time{}
	}
	options := x509.VerifyOptions{
		Roots:       trusted,
		CurrentTime: now,
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	var invalid x509.CertificateInvalidError
	if _, err := leaf.Verify(options); err != nil && !(errors.As(err, &invalid) && invalid.Reason == x509.Expired) {
		return err
	}
	if err := algorithm(leaf); err != nil {
		return err
	}
	// Verify asks for policies only below an issuer.
	if leaf.RequireExplicitPolicyZero && len(leaf.Policies) == 0 {
		return errors.New("no policy")
	}
	if leaf.Subject.CommonName == "" {
		return errors.New("no common name")
	}
	uids := []string{}
	for _, name := range leaf.Subject.Names {
		if name.Type.String() == "1.3.6.1.4.1.57683.2" {
			uids = append(uids, name.Value.(string))
		}
	}
	if len(uids) > 1 || len(uids) == 1 && uids[0] == "" {
		return fmt.Errorf("UIDs: %q", uids)
	}
	return nil
}

// algorithm refuses what x509 verifies with no key.
func algorithm(leaf *x509.Certificate) error {
	if leaf.SignatureAlgorithm == x509.UnknownSignatureAlgorithm || strings.HasPrefix(leaf.SignatureAlgorithm.String(), "DSA") {
		return fmt.Errorf("signed with %v", leaf.SignatureAlgorithm)
	}
	var insecure x509.InsecureAlgorithmError
	parent := x509.Certificate{
		Version: 3, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
		PublicKeyAlgorithm: leaf.PublicKeyAlgorithm, PublicKey: leaf.PublicKey,
	}
	if err := leaf.CheckSignatureFrom(&parent); errors.As(err, &insecure) || errors.Is(err, x509.ErrUnsupportedAlgorithm) {
		return err
	}
	return nil
}

func serverCertificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "server"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
