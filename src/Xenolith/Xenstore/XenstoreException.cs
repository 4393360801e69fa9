// What can go wrong with xenstored, as a tree: catch the root for all of it, or a branch for what can be handled.

namespace Xenolith.Xenstore;

/// <summary>xenstored refused a request, or cannot be talked to.</summary>
/// <remarks>
/// Bad arguments (a path with a forbidden character, a value that is too long) are an <see cref="ArgumentException"/> instead, thrown before anything
/// is sent. Expected outcomes are results: a missing node is <see langword="null"/> or <see langword="false"/>.
/// </remarks>
public class XenstoreException : IOException
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What was attempted and what came of it.</param>
    /// <param name="path">The node in question; <see langword="null"/> where there is none.</param>
    /// <param name="error">xenstored's error; <see langword="null"/> if it is not xenstored that reports it.</param>
    /// <param name="innerException">What caused it.</param>
    public XenstoreException(string message, string? path = null, XenstoreError? error = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Path = path;
        Error = error;
    }

    /// <summary>The node in question; <see langword="null"/> where the request named none.</summary>
    public string? Path { get; }

    /// <summary>xenstored's error; <see langword="null"/> if it is not xenstored that reports it.</summary>
    public XenstoreError? Error { get; }

    /// <summary>The exception of the tree that an error reply means.</summary>
    internal static XenstoreException FromReply(XenstoreError error, string name, string operation, string? path)
    {
        string message = path is null ? $"xenstored refused to {operation}: {name}." : $"xenstored refused to {operation} {path}: {name}.";
        return error switch
        {
            XenstoreError.ENOENT => new XenstoreNotFoundException(message, path, error),
            XenstoreError.EACCES or XenstoreError.EPERM or XenstoreError.EROFS => new XenstoreAccessDeniedException(message, path, error),
            XenstoreError.ENOSPC => new XenstoreQuotaException(message, path, error),
            _ => new XenstoreException(message, path, error),
        };
    }
}

/// <summary>The node, transaction or domain of a request does not exist, where no result can say so.</summary>
/// <inheritdoc/>
public sealed class XenstoreNotFoundException(string message, string? path, XenstoreError? error) : XenstoreException(message, path, error);

/// <summary>
/// The caller lacks the permission: EACCES, EPERM or EROFS. What lies below an unreadable node is also reported thus, missing or not.
/// </summary>
/// <inheritdoc/>
public sealed class XenstoreAccessDeniedException(string message, string? path, XenstoreError? error) : XenstoreException(message, path, error);

/// <summary>A quota of the domain (nodes, size of a node, watches, transactions, permissions of a node) is used up.</summary>
/// <inheritdoc/>
public sealed class XenstoreQuotaException(string message, string? path, XenstoreError? error) : XenstoreException(message, path, error);

/// <summary>Others changed the same nodes in every attempt of a transaction, or during every attempt to list a node.</summary>
/// <inheritdoc/>
public sealed class XenstoreConflictException(string message, string? path = null) : XenstoreException(message, path, XenstoreError.EAGAIN);

/// <summary>
/// The peer broke the protocol. The connection is closed for good, because nothing that follows on it can be understood; every request, watch and
/// later call of the client ends with this exception.
/// </summary>
/// <inheritdoc/>
public sealed class XenstoreProtocolException(string message) : XenstoreException(message);

/// <summary>
/// The connection ended before the reply came (so whether the request was carried out is not known), or could not be made; also a transaction that
/// was begun on an earlier connection.
/// </summary>
/// <inheritdoc/>
public sealed class XenstoreDisconnectedException(string message, Exception? innerException = null)
    : XenstoreException(message, innerException: innerException);
