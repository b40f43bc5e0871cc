// Package cli has the commands of the program that are thin clients of a running server.
package cli
